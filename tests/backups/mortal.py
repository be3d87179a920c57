"""A restore that dies as in a power cut, when all is ready and nothing has taken its place yet.

Run as `python -m tests.backups.mortal BACKUP`.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from webapp import clock, create_app
from webapp.backups import restoring


def die(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    restoring._swap = die
    app = create_app(web=False)
    with app.app_context():
        restoring.restore(app.config["HEED"], Path(sys.argv[1]), clock.now(), replace=True)
