"""Two transactions of PostgreSQL in one moment: the second waits for the first. SQLite has one writer."""

import threading
from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy import text

from webapp.extensions import db

WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def overtaken(app: Flask, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What `second` gives, which runs while `first` is written and not committed, until it waits for it."""
    answers: list[Any] = []
    with app.app_context():
        first()
        db.session.flush()
        thread = threading.Thread(target=lambda: answers.append(second()))
        thread.start()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as watch:
            while thread.is_alive() and not watch.scalar(WAITING):
                thread.join(0.01)
        db.session.commit()
    thread.join()
    return answers[0]
