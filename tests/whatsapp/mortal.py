"""A server that dies as power cuts do: killed just before the commit, or between the commit and the answer.

Run as `python -m tests.whatsapp.mortal MOMENT`; prints its port.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import event
from werkzeug.serving import make_server

from webapp import create_app
from webapp.extensions import db


def die(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(moment: str) -> None:
    app = create_app()
    if moment == "before the commit":
        with app.app_context():
            event.listen(db.engine, "commit", die)
    server = make_server("127.0.0.1", 0, killed_before_it_answers(app) if moment == "after it" else app)
    print(server.port, flush=True)
    server.serve_forever()


def killed_before_it_answers(app: Any) -> Any:
    """A WSGI server has sent nothing yet when the application returns."""

    def serve(environ: Any, start_response: Any) -> Any:
        app(environ, start_response)
        die()

    return serve


if __name__ == "__main__":
    main(sys.argv[1])
