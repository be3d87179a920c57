"""Taking back one's own decision: what was recorded is compensated, and the message waits again, unless a
colleague had decided before: then that stands again."""

from datetime import datetime

from sqlalchemy import select

from webapp.consent import holds, ledger, undoing
from webapp.consent.models import ConsentEvent, Hold
from webapp.consent.rules import UNDO_WINDOW, Kind, ReviewKind
from webapp.consent.undoing import NotUndoable
from webapp.customers import locking
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.reviews.decisions import OVERRULED


def undo(review: Hold, *, actor: str, now: datetime) -> list[Hold]:
    """Take back what this person decided last; all that waits again by it, which is nothing where a colleague
    was overruled. The caller commits.

    A message that paused marketing pauses it again in the same transaction, so nothing can be sent on the
    way. Raises NotUndoable for somebody else's decision, after ten minutes, and when something newer is on
    record for the customer.
    """
    people = locking.locked_alike(db.session.get_one(Customer, review.customer_id))
    db.session.refresh(review, with_for_update=True)
    _demand_undoable(review, actor, now)
    moment = review.decided_at
    for customer in people:
        _take_back(customer, customer.id == review.customer_id, moment, actor, now)
    if review.overruled_at is not None:
        _restore_overruled(review)
        return []
    again = _decided_together(review)
    for each in again:
        holds.reopen(db.session.get_one(Customer, each.customer_id), each, actor=actor, now=now)
    return again


def undoable(review: Hold, actor: str, now: datetime) -> bool:
    """Whether to offer it; what happened to the customer since may still stand against it."""
    mine = review.decided_at is not None and review.decided_by == actor
    return mine and now - review.decided_at <= UNDO_WINDOW


def _demand_undoable(review: Hold, actor: str, now: datetime) -> None:
    if review.decided_at is None:
        raise NotUndoable("This message waits already.")
    if review.decided_by != actor:
        raise NotUndoable("Only the person who decided can undo it.")
    if now - review.decided_at > UNDO_WINDOW:
        raise NotUndoable("A decision can be undone within ten minutes.")


def _take_back(
    customer: Customer, is_writer: bool, moment: datetime | None, actor: str, now: datetime
) -> None:
    """Compensate what the decision recorded. Something newer of somebody who only may be the person stays."""
    query = select(ConsentEvent).where(
        ConsentEvent.customer_id == customer.id,
        ConsentEvent.kind == Kind.CONSENT,
        ConsentEvent.actor == actor,
        ConsentEvent.recorded_at == moment,
    )
    if event := db.session.scalar(query):
        newest = ledger.history(customer.id)[-1].id == event.id
        if newest or is_writer:
            undoing.undo(customer, event.id, actor=actor, now=now, source=event.source)


def _restore_overruled(review: Hold) -> None:
    """That decision had ended the pause, and nobody but its author asks for it again."""
    holds.decide(
        review, OVERRULED[ReviewKind(review.kind)], actor=review.overruled_by, now=review.overruled_at
    )
    review.overruled_by = review.overruled_at = None


def _decided_together(review: Hold) -> list[Hold]:
    """The review, and those of others who may have written the same message."""
    query = select(Hold).where(
        Hold.kind == review.kind,
        Hold.decided_at == review.decided_at,
        Hold.decided_by == review.decided_by,
        Hold.occurred_at == review.occurred_at,
        Hold.words == review.words,
    )
    return list(db.session.scalars(query.order_by(Hold.customer_id)))
