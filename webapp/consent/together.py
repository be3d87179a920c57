"""Many changes of consent in one transaction, written in a few statements instead of a few for each.

Within `together` the ledger does not ask again what it knows: the customers are locked and read once, and so
is which messages were recorded before. The rows wait for one flush, so events get their numbers beforehand.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import product
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import attributes

from webapp import many_rows
from webapp.consent.models import STATE_FIELDS, ConsentEvent, ConsentState
from webapp.extensions import db

MOST_IN_A_QUESTION = 500
Recorded = tuple[int | None, str, str | None]
"""Customer, kind and external id of an event: what makes it unique."""


@dataclass(frozen=True)
class Together:
    """`numbers` are for the next events; they are drawn by so many at once. One alone needs none."""

    locked: set[int]
    before: dict[Recorded, ConsentEvent]
    drawn: int
    numbers: Iterator[int]


_running: ContextVar[Together | None] = ContextVar("consent_together", default=None)


@contextmanager
def together(
    customers: Sequence[ConsentState], external_ids: Sequence[str] = (), *, events: int = 0
) -> Iterator[None]:
    """Inside, the ledger takes these customers as locked, and writes at the end. They are locked already;
    `external_ids` are those of all messages that may be recorded, `events` is how many come without one."""
    ids = {customer.id for customer in customers}
    drawn = len(external_ids) + events
    numbers = many_rows.numbers(ConsentEvent.id, drawn)
    mark = _running.set(Together(ids, _recorded_before(ids, external_ids), drawn, numbers))
    try:
        with db.session.no_autoflush:
            yield
        _write_alike(customers)
    finally:
        _running.reset(mark)


def _write_alike(customers: Sequence[ConsentState]) -> None:
    """Rows that write the same columns are written in one statement, so all write the whole state."""
    changed = db.session.dirty if len(customers) > 1 else ()
    for customer in customers:
        if customer in changed:
            for column in STATE_FIELDS:
                attributes.flag_modified(customer, column)
    db.session.flush()


def is_locked(customer: ConsentState) -> bool:
    """Whether nothing has to be asked about this customer."""
    running = _running.get()
    return running is not None and customer.id in running.locked


def recorded(customer: ConsentState, kind: str, external_id: str | None) -> ConsentEvent | None:
    running = _running.get()
    return running.before.get((customer.id, kind, external_id)) if running else None


def number(event: ConsentEvent) -> None:
    """Give the event its number, so that others can refer to it before it is written."""
    running = _running.get()
    if running and running.drawn > 1:
        event.id = next(running.numbers)
        running.before[event.customer_id, event.kind, event.external_id] = event


def flush() -> None:
    """Write what waits, unless it is written together later."""
    running = _running.get()
    if running is None or running.drawn == 1:
        db.session.flush()


def _recorded_before(customers: Iterable[int], external_ids: Sequence[str]) -> dict[Recorded, ConsentEvent]:
    """Asked by customer, too: there is no index on the ids of messages alone."""
    people = sorted(customers) if external_ids else []
    found: dict[Recorded, ConsentEvent] = {}
    for some, messages in product(_portions(people), list(_portions(external_ids))):
        query = select(ConsentEvent).where(
            ConsentEvent.customer_id.in_(some), ConsentEvent.external_id.in_(messages)
        )
        for event in db.session.scalars(query):
            found[event.customer_id, event.kind, event.external_id] = event
    return found


def _portions(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (values[start : start + MOST_IN_A_QUESTION] for start in range(0, len(values), MOST_IN_A_QUESTION))
