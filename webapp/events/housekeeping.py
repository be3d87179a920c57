"""What the worker does for the consent log: it goes on with reverts, each part in its own transaction."""

from flask import Flask

from webapp import clock, tasks
from webapp.consent import batches
from webapp.consent.models import Batch
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


@tasks.task("revert batch")
def revert_batch(app: Flask, revert_id: int) -> None:
    """From the beginning: what is taken back already is passed over."""
    after: int | None = 0
    while after is not None:
        with app.app_context(), writing():
            revert = db.session.get_one(Batch, revert_id)
            after = batches.revert_some(revert, Customer, after, clock.now())
            db.session.commit()


@tasks.each(minute="*/5")
def sweep_reverts(app: Flask) -> None:
    """Those that a lost queue or a crash left half done."""
    with app.app_context():
        begun = batches.unfinished()
    for revert_id in begun:
        revert_batch(app, revert_id)
