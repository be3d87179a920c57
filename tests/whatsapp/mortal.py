"""A server that dies as power cuts do: killed just before a commit, or between the commit and the answer.

Run as `python -m tests.whatsapp.mortal MOMENT`; prints its port.
"""

import os
import signal
import sys
import time
from itertools import count
from typing import Any

from sqlalchemy import event
from werkzeug.serving import make_server

from webapp import create_app
from webapp.extensions import db

OTHERS = 3


def die(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(moment: str) -> None:
    app = create_app()
    if moment == "before the commit":
        with app.app_context():
            event.listen(db.engine, "commit", die)
    if moment == "before the commit of a group":
        with app.app_context():
            event.listen(db.engine, "commit", at_the_second(app))
    server = make_server(
        "127.0.0.1", 0, killed_before_it_answers(app) if moment == "after it" else app, threaded=True
    )
    print(server.port, flush=True)
    server.serve_forever()


def at_the_second(app: Any) -> Any:
    """The first commit waits until others do; the next one is theirs."""
    commits = count(1)

    def commit(_connection: Any) -> None:
        if next(commits) > 1:
            die()
        while len(app.extensions["heed-deliveries"]._row) < OTHERS:
            time.sleep(0.001)

    return commit


def killed_before_it_answers(app: Any) -> Any:
    """A WSGI server has sent nothing yet when the application returns."""

    def serve(environ: Any, start_response: Any) -> Any:
        app(environ, start_response)
        die()

    return serve


if __name__ == "__main__":
    main(sys.argv[1])
