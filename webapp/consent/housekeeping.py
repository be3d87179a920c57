"""What the worker does for the evidence: files that are evidence of nothing any more are forgotten."""

from datetime import timedelta

from flask import Flask

from webapp import clock, tasks
from webapp.consent import evidence_files
from webapp.database import writing
from webapp.extensions import db

A_DAY = timedelta(days=1)
"""Long enough for any request that is about to name the file it stored."""


def forget_released() -> None:
    """Remove the files that an erasure has released, from the disk, too. Commits."""
    found = evidence_files.released()
    db.session.rollback()
    for sha256 in found:
        with writing():
            evidence_files.forget(sha256, clock.now())
            db.session.commit()


@tasks.each(minute="41", hour="3")
def sweep_evidence(app: Flask) -> None:
    """Each file in a transaction of its own, so that nobody waits long."""
    with app.app_context():
        before = clock.now() - A_DAY
        found = list(evidence_files.orphans(before))
        db.session.rollback()
        for sha256 in found:
            with writing():
                evidence_files.forget(sha256, before)
                db.session.commit()
