"""What nobody decided in ten days becomes an opt-out: silence of the desk never lets marketing through."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from flask import Flask

from webapp import clock, tasks
from webapp.consent import holds
from webapp.consent.models import Hold
from webapp.database import writing
from webapp.extensions import db
from webapp.reviews import decisions
from webapp.reviews.decisions import DecidedMeanwhile, Decision

ACTOR = "system"


@tasks.each(minute="17")
def end_overdue_reviews(app: Flask) -> None:
    with app.app_context(), writing():
        end_overdue(clock.now(), db.session.commit)


def end_overdue(now: datetime, commit: Callable[[], None]) -> None:
    """Opt out the writers of all that is overdue; `commit` after each, so that no lock is held for long."""
    ids = list(db.session.scalars(holds.overdue(now)))
    commit()
    for review_id in ids:
        with suppress(DecidedMeanwhile):
            review = db.session.get_one(Hold, review_id)
            decisions.decide(review, Decision.OPT_OUT, actor=ACTOR, now=now)
        commit()
