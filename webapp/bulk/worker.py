"""What the worker does for large changes: portion after portion, each in its own transaction."""

import time

from flask import Flask

from webapp import clock, fault_points, tasks
from webapp.bulk import erased_people, running
from webapp.database import writing
from webapp.extensions import db

__all__ = ["erased_people", "go_on", "sweep"]
PAUSE = 0.12
"""Seconds: SQLite asks only ten times a second whether its write lock is free, and a webhook that waits for
it must not wait for the whole change."""


@tasks.task("batch")
def go_on(app: Flask, batch_id: int) -> None:
    """To its end, from where it is."""
    while _portion(app, batch_id):
        pass


def _portion(app: Flask, batch_id: int) -> bool:
    with app.app_context(), writing():
        more = running.go_on(batch_id, clock.now())
        fault_points.reached("bulk.stored")
        db.session.commit()
        fault_points.reached("bulk.committed")
        if db.engine.dialect.name == "sqlite":
            time.sleep(PAUSE)
        return more


@tasks.at_start
def resume(app: Flask) -> None:
    """Those that ended with the worker before."""
    with app.app_context():
        left = running.unfinished()
    for batch_id in left:
        tasks.enqueue(app, "batch", batch_id)


@tasks.each(minute="*/5")
def sweep(app: Flask) -> None:
    """Those that a lost queue or a crash left half done."""
    with app.app_context():
        left = running.unfinished()
    for batch_id in left:
        go_on(app, batch_id)
