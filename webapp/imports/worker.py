"""What the worker does for imports: it goes on with them, and forgets files that nobody needs any more."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from webapp import clock, tasks
from webapp.database import writing
from webapp.extensions import db
from webapp.imports import erased_people, running, stages, uploads

__all__ = ["erased_people", "forget_files", "go_on", "resume", "sweep"]
A_DAY = timedelta(days=1)
"""Long enough for any request that is about to put the file it stored on record."""


@tasks.task("import")
def go_on(app: Flask, import_id: int) -> None:
    """For a while, then it waits behind what else there is to do."""
    with app.app_context():
        more = running.go_on(import_id, clock.now)
    if more:
        tasks.enqueue(app, "import", import_id)


@tasks.at_start
def resume(app: Flask) -> None:
    """Those that ended with the worker before; one that was killed still holds its lease for a while."""
    _enqueue_waiting(app)


@tasks.each(minute="*")
def sweep(app: Flask) -> None:
    """Those that a lost queue or a crash left half done."""
    _enqueue_waiting(app)


def _enqueue_waiting(app: Flask) -> None:
    with app.app_context():
        left = stages.waiting(clock.now())
    for import_id in left:
        tasks.enqueue(app, "import", import_id)


@tasks.each(minute="23", hour="3")
def forget_files(app: Flask) -> None:
    """Files that were left alone, refused rows that were kept long enough, and what no import knows."""
    with app.app_context():
        now = clock.now()
        with writing():
            left = stages.discard_abandoned(now)
            db.session.commit()
        for stored in (*left, *stages.past(now)):
            uploads.forget_all(stored)
        known = stages.known_files()
        for file in uploads.everything():
            stored, _, rest = file.name.partition(".")
            needed = known.get(stored, False) if rest == "csv" else stored in known
            if not needed and datetime.fromtimestamp(file.stat().st_mtime, UTC) < now - A_DAY:
                file.unlink(missing_ok=True)
