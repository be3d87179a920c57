"""Does what the desk shows equal what the ledger says? Streams, so that memory stays flat."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, func, select

from webapp.consent import state
from webapp.consent.ledger import Proof, digest
from webapp.consent.models import STATE_FIELDS, ConsentEvent, ConsentState, Evidence
from webapp.consent.rules import Kind, State
from webapp.database import begin_snapshot
from webapp.extensions import db

ROWS_AT_ONCE = 2_000


def first_fault() -> str | None:
    """The first disagreement of ledger, evidence and customers' states, in words; None when all is whole.

    Wants a transaction of its own, in which nothing was read yet.
    """
    begin_snapshot(db.session)
    histories = groupby(_stream(_events()), key=lambda event: event.customer_id)
    owner, history = next(histories, (None, iter(())))
    for customer in _stream(_customers()):
        events = list(history) if owner == customer.id else []
        if fault := _fault_of(customer, events):
            return fault
        if owner == customer.id:
            owner, history = next(histories, (None, iter(())))
    return None if owner is None else f"Events of customer {owner} have no customer."


def size() -> int:
    """How many events the ledger holds."""
    return db.session.scalar(select(func.count()).select_from(ConsentEvent)) or 0


def _fault_of(customer: Row[Any], events: list[Row[Any]]) -> str | None:
    if customer.events_count != len(events):
        return f"Customer {customer.id} had {customer.events_count} events; the ledger holds {len(events)}."
    if fault := next(filter(None, map(_evidence_fault, events)), None):
        return fault
    shown = State(**{field: getattr(customer, field) for field in STATE_FIELDS})
    reached = state.steps(events)
    if fault := next(filter(None, map(_restored_fault, events, reached[1:])), None):
        return fault
    told = reached[-1]
    if told != shown:
        field = next(name for name in STATE_FIELDS if getattr(told, name) != getattr(shown, name))
        return (
            f"Customer {customer.id}: {field} is {getattr(shown, field)}, "
            f"but the ledger says {getattr(told, field)}."
        )
    return None


def _restored_fault(event: Row[Any], after: State) -> str | None:
    """An undo or revert says itself what it restored, and lists read it there."""
    if event.compensates is None or event.status == after.status:
        return None
    return f"Event {event.id} says that it restored {event.status}, but it restored {after.status}."


def _evidence_fault(event: Row[Any]) -> str | None:
    if not event.evidence_digest:
        return f"Event {event.id} was recorded without evidence and has some now." if event.nonce else None
    if event.nonce is None:
        forgotten = event.erased_at or event.kind == Kind.HOLD  # a reviewed message that was no stop
        return None if forgotten else f"The evidence of event {event.id} is gone."
    proof = Proof(event.channel, event.words, event.matched, event.message_id)
    if digest(event.nonce, proof) != event.evidence_digest:
        return f"The evidence of event {event.id} is not what was recorded."
    return None


def _customer_class() -> Any:
    """The class that inherits the state; this package does not know customers by name."""
    (customer,) = (m.class_ for m in db.Model.registry.mappers if issubclass(m.class_, ConsentState))
    return customer


def _customers() -> Select[Any]:
    customer = _customer_class()
    columns = [getattr(customer, name) for name in ("id", "events_count", *STATE_FIELDS)]
    return select(*columns).order_by(customer.id)


def _events() -> Select[Any]:
    customer = _customer_class()
    event = ConsentEvent
    return (
        select(event.id, event.customer_id, event.kind, event.status, event.source, event.effect,
               event.compensates, event.occurred_at, event.evidence_digest, customer.erased_at,
               Evidence.nonce, Evidence.channel, Evidence.words, Evidence.matched, Evidence.message_id)
        .outerjoin(Evidence, Evidence.event_id == event.id)
        .outerjoin(customer, customer.id == event.customer_id)
        .where(event.customer_id.is_not(None))
        .order_by(event.customer_id, event.id)
    )  # fmt: skip


def _stream(query: Select[Any]) -> Iterator[Row[Any]]:
    yield from db.session.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
