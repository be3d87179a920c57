"""An update that dies as power cuts do once it has come to a version.

Run as `python -m tests.mortal_update URL VERSION`.
"""

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event

from webapp import database


def main(url: str, version: str) -> None:
    @event.listens_for(Engine, "before_cursor_execute")
    def die(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("UPDATE alembic_version") and version in f"{statement}{parameters}":
            os.kill(os.getpid(), signal.SIGKILL)

    database.migrate(url)


if __name__ == "__main__":
    main(*sys.argv[1:])
