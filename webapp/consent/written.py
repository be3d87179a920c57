"""What the running transaction has written to the ledger, for whoever has to know it before the commit.

Every event passes here: those of the ORM by its flush, those written past it because `in_bulk` says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event

from webapp.consent.models import ConsentEvent
from webapp.extensions import db

KEY = "heed-written"


@dataclass(frozen=True)
class Written:
    """The columns of an event that say whom it concerns and what it may have stopped."""

    id: int
    customer_id: int
    kind: str
    status: str | None
    recorded_at: datetime


def note(events: Iterable[Any]) -> None:
    """Events that were written past the ORM, with the columns of `Written`."""
    _note(db.session(), events)


def events_of(session: Any) -> list[Written]:
    """The events of customers that this transaction wrote, in their order; forgotten with its end."""
    return session.info.get(KEY, [])


def forget() -> None:
    """What was written so far came from where it would be told."""
    db.session().info.pop(KEY, None)


@event.listens_for(db.session, "after_flush")
def _after_flush(session: Any, _context: Any) -> None:
    _note(session, [row for row in session.new if isinstance(row, ConsentEvent)])


@event.listens_for(db.session, "after_transaction_end")
def _after_end(session: Any, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(KEY, None)


def _note(session: Any, events: Iterable[Any]) -> None:
    about = [
        Written(each.id, each.customer_id, each.kind, each.status, each.recorded_at)
        for each in events
        if each.customer_id is not None
    ]
    if about:
        session.info.setdefault(KEY, []).extend(about)
