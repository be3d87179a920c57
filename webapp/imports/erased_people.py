"""What the dry runs told of somebody who is erased is forgotten. Lists of refused rows are looked through by
the erasure itself; who stands in a file that waits is not brought back by it."""

from sqlalchemy import select

from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import Gone
from webapp.extensions import db
from webapp.imports.models import Import
from webapp.imports.outcome import Outcome


@erasing.erased_by
def erase(_gone: Gone) -> None:
    """Of everybody: a reason may tell of a person in words that no address is found in."""
    telling = select(Import).where(Import.batch_id.is_(None)).with_for_update()
    for each in db.session.scalars(telling):
        if each.counts:
            outcome = Outcome.of_json(each.counts).copy()  # what is changed in place is not written
            outcome.forget_words()
            each.counts = outcome.as_json()
    db.session.flush()
