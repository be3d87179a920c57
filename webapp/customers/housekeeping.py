"""What the worker does for those who were erased: what came late goes, too, and from the disk."""

from flask import Flask

from webapp import tasks
from webapp.consent.housekeeping import forget_released
from webapp.customers.erasure import erasing
from webapp.database import fold_journal
from webapp.extensions import db


@tasks.each(minute="*/10")
def sweep_erased(app: Flask) -> None:
    """A message on the wire may bring an address after its customer was erased."""
    tasks.run(app, erasing.sweep)
    with app.app_context():
        forget_released()
        fold_journal(db.engine)
