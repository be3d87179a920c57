"""What the worker does for the settings: missed stops are read and recorded, old texts are forgotten."""

from collections.abc import Callable
from datetime import timedelta

from flask import Flask

from webapp import clock, tasks
from webapp.consent import forgetting, policy
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp import retention
from webapp.whatsapp.inbound import missed


@tasks.task("missed stops")
def look_after_missed(app: Flask) -> None:
    """Record what was decided, then read what nobody has read yet; each batch in its own transaction."""
    with app.app_context():
        while _committed(lambda: missed.record_some(clock.now())):
            pass
        if policy.current().keywords_enabled:
            db.session.rollback()
            while _committed(missed.sift):
                pass


@tasks.each(minute="*/5")
def sweep_missed(app: Flask) -> None:
    look_after_missed(app)


@tasks.each(minute="17", hour="3")
def forget_old_texts(app: Flask) -> None:
    """The texts of customers go when their time is over, in small batches."""
    with app.app_context():
        days, now, after = policy.current().inbound_days, clock.now(), 0
        db.session.rollback()
        while after is not None:
            with writing():
                after = retention.forget_some(days, now, after)
                db.session.commit()
        while _committed(lambda: retention.forget_receipts(days, now)):
            pass
        before = now - timedelta(days=days)
        while _committed(lambda: forgetting.forget_reviewed(before, retention.AT_ONCE, now)):
            pass


def _committed(step: Callable[[], int]) -> int:
    with writing():
        done = step()
        db.session.commit()
    return done
