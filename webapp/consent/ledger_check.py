"""Does what the desk shows equal what the ledger says? Streams, so that memory stays flat."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Row, Select, func, select

from webapp.consent import evidence_files, state
from webapp.consent.ledger import Proof, digest
from webapp.consent.models import STATE_FIELDS, ConsentEvent, ConsentState, Evidence, ForgottenEvidence
from webapp.consent.rules import State
from webapp.consent.state import Recorded
from webapp.consent.streaming import stream
from webapp.database import begin_snapshot
from webapp.extensions import db


@dataclass(frozen=True)
class Finding:
    """A disagreement in words. `differs` names a customer whose state is not what the ledger says."""

    words: str
    differs: int | None = None
    marked: bool = False
    """Whether it is known already, so that this customer gets no marketing."""


def first_fault(*, read_files: bool = False) -> str | None:
    """The first disagreement of ledger, evidence and customers' states, in words; None when all is whole.

    Files that are evidence must be there in their size; with `read_files` their bytes are read and compared,
    too. Wants a transaction of its own, in which nothing was read yet.
    """
    begin_snapshot(db.session)
    with closing(findings(read_files=read_files)) as found:
        first = next(found, None)
    return first.words if first else None


def findings(*, read_files: bool = False) -> Generator[Finding, None, None]:
    """All disagreements of ledger, evidence and states, by customer; one for each customer and event."""
    with stream(_customers()) as customers, stream(_events()) as events:
        yield from _by_customer(customers, events)
    with stream(_events_of_nobody()) as events:
        yield from filter(None, map(_evidence_fault, events))
    if fault := evidence_files.first_fault(read=read_files):
        yield Finding(fault)


def size() -> int:
    """How many events the ledger holds."""
    return db.session.scalar(select(func.count()).select_from(ConsentEvent)) or 0


def customer_class() -> Any:
    """The class that inherits the state; this package does not know customers by name."""
    (customer,) = (m.class_ for m in db.Model.registry.mappers if issubclass(m.class_, ConsentState))
    return customer


def told_by(events: Iterable[Recorded]) -> State | None:
    """What a customer's events, oldest first, add up to; None when they hold what Heed never writes."""
    try:
        return state.fold(events)
    except ValueError:
        return None


def differences(customer: Any, told: State) -> list[str]:
    """The state columns in which a customer differs from what the ledger says."""
    return [name for name in STATE_FIELDS if getattr(told, name) != getattr(customer, name)]


def _by_customer(customers: Iterator[Row[Any]], events: Iterator[Row[Any]]) -> Iterator[Finding]:
    histories = groupby(events, key=lambda event: event.customer_id)
    owner, history = next(histories, (None, iter(())))
    for customer in customers:
        theirs = list(history) if owner == customer.id else []
        yield from _findings_of(customer, theirs)
        if owner == customer.id:
            owner, history = next(histories, (None, iter(())))
    if owner is not None:
        yield Finding(f"Events of customer {owner} have no customer.")


def _findings_of(customer: Row[Any], events: list[Row[Any]]) -> Iterator[Finding]:
    marked = customer.disputed_at is not None
    if customer.events_count != len(events):
        words = f"Customer {customer.id} had {customer.events_count} events; the ledger holds {len(events)}."
        yield Finding(words, customer.id, marked)
    yield from filter(None, map(_evidence_fault, events))
    told = told_by(events)
    if told is None:
        yield Finding(f"The history of customer {customer.id} cannot be read.", customer.id, marked)
        return
    yield from _restored_faults(events)
    if fields := differences(customer, told):
        field = fields[0]
        yield Finding(
            f"Customer {customer.id}: {field} is {_said(getattr(customer, field))}, "
            f"but the ledger says {_said(getattr(told, field))}.",
            customer.id,
            marked,
        )


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return "nothing" if value is None else str(value)


def _restored_faults(events: list[Row[Any]]) -> Iterator[Finding]:
    """An undo or revert says itself what it restored, and lists read it there."""
    if all(event.compensates is None for event in events):
        return
    for event, after in zip(events, state.steps(events)[1:], strict=True):
        if event.compensates is not None and event.status != after.status:
            said = f"Event {event.id} says that it restored {event.status}, but it restored {after.status}."
            yield Finding(said)


def _evidence_fault(event: Row[Any]) -> Finding | None:
    if not event.evidence_digest:
        return (
            Finding(f"Event {event.id} was recorded without evidence and has some now.")
            if event.nonce
            else None
        )
    if event.nonce is None:
        return None if event.forgotten_at else Finding(f"The evidence of event {event.id} is gone.")
    if digest(event.nonce, Proof.of(event)) != event.evidence_digest:
        return Finding(f"The evidence of event {event.id} is not what was recorded.")
    return None


def _customers() -> Select[Any]:
    columns = customer_class().__table__.c
    names = ("id", "events_count", "disputed_at", *STATE_FIELDS)
    return select(*(columns[name] for name in names)).order_by(columns.id)


_READ = (
    "id", "customer_id", "kind", "status", "source", "effect", "compensates", "occurred_at",
    "evidence_digest",
)  # fmt: skip


def _events() -> Select[Any]:
    event = ConsentEvent.__table__.c
    return _with_evidence().where(event.customer_id.is_not(None)).order_by(event.customer_id, event.id)


def _events_of_nobody() -> Select[Any]:
    """Changes of policy, whose evidence is the values before and after."""
    event = ConsentEvent.__table__.c
    return _with_evidence().where(event.customer_id.is_(None)).order_by(event.id)


def _with_evidence() -> Select[Any]:
    """Columns of the tables, which are read twice as fast as attributes."""
    event, proof, gone = (model.__table__ for model in (ConsentEvent, Evidence, ForgottenEvidence))
    return select(
        *(event.c[name] for name in _READ), gone.c.forgotten_at,
        proof.c.nonce, *(proof.c[field.name] for field in fields(Proof)),
    ).select_from(
        event.outerjoin(proof, proof.c.event_id == event.c.id).outerjoin(gone, gone.c.event_id == event.c.id)
    )  # fmt: skip
