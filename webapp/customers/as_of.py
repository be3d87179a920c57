"""What the desk knew at an instant, by `recorded_at`: one customer's state with what made it, and totals.

Totals come from the ledger in one pass. An event that changed the status names the one it led to, and
so does each undo and revert, so the latest of them up to the instant tells it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from webapp.consent import ledger, state
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Effect, Kind, State, Status, Turn
from webapp.customers.merging import MERGED_INTO, merged_ids
from webapp.customers.models import Customer
from webapp.extensions import db

CODES = {Status.UNKNOWN: 0, Status.OPTED_IN: 1, Status.OPTED_OUT: 2}
STEP = 4
"""More than there are codes: `id * STEP + code` orders by id and carries the code."""


@dataclass(frozen=True)
class Then:
    """One record of a person as it stood; each event is the one that made that part of it, if any did."""

    customer_id: int
    state: State
    status_event: ConsentEvent | None
    stop_event: ConsentEvent | None
    hold_event: ConsentEvent | None


@dataclass(frozen=True)
class Totals:
    """How many customers there were, and what stood for them; stops and holds go across the statuses."""

    customers: int
    opted_in: int
    opted_out: int
    unknown: int
    stopped: int
    held: int


def person(customer_id: int, instant: datetime) -> list[Then]:
    """This customer, and each that was merged into it later, as they were on record at the instant."""
    ids = merged_ids(customer_id)
    events = [event for event in ledger.history(*ids) if event.recorded_at <= instant]
    created = select(Customer.id, Customer.created_at).where(Customer.id.in_(ids))
    there = {id for id, created_at in db.session.execute(created) if created_at <= instant}
    gone = {event.customer_id for event in events if _ends(event)}
    return [
        _then(id, [event for event in events if event.customer_id == id])
        for id in ids
        if id in there and id not in gone
    ]


def totals(instant: datetime) -> Totals:
    """Over all customers who were on record at the instant: not those erased or merged away by then."""
    there = select(func.count()).select_from(Customer).where(Customer.created_at <= instant)
    customers = (db.session.scalar(there) or 0) - (db.session.scalar(_count_of(_gone(instant))) or 0)
    opted_in, opted_out, stopped, held = db.session.execute(states_query(instant)).one()
    return Totals(customers, opted_in, opted_out, customers - opted_in - opted_out, stopped, held)


def states_query(instant: datetime) -> Select[Any]:
    """How many are opted in, opted out, stopped and on hold: one pass over one index of the ledger."""
    then = _latest(instant).subquery()
    tests = (
        then.c.consent % STEP == CODES[Status.OPTED_IN],
        then.c.consent % STEP == CODES[Status.OPTED_OUT],
        then.c.stop % STEP == 1,
        then.c.hold % STEP == 1,
    )
    return select(*(func.count(case((test, 1))) for test in tests)).select_from(then)


def _latest(instant: datetime) -> Select[Any]:
    """For each customer the number of the last change of each kind, with what it led to."""
    event = ConsentEvent
    statuses = case(*((event.status == status, code) for status, code in CODES.items()), else_=0)
    columns = {
        "consent": _last(event.kind == Kind.CONSENT, statuses),
        "stop": _last(event.kind == Kind.PLATFORM_STOP, case((event.status == Turn.STOPPED, 1), else_=0)),
        "hold": _last(event.kind == Kind.HOLD, case((event.status == Turn.HELD, 1), else_=0)),
    }
    return (
        select(*(column.label(name) for name, column in columns.items()))
        .where(
            event.customer_id.is_not(None),
            event.effect == Effect.CHANGED,
            event.recorded_at <= instant,
            event.customer_id.not_in(_gone(instant)),
        )
        .group_by(event.customer_id)
    )


def _gone(instant: datetime) -> Select[tuple[int]]:
    """The ids of those who were merged into another record, or erased, by then."""
    event = ConsentEvent
    merged = and_(event.kind == Kind.IDENTITY, event.reason == MERGED_INTO)
    return (
        select(event.customer_id)
        .where(
            event.kind.in_((Kind.IDENTITY, Kind.ERASURE)),
            or_(merged, event.kind == Kind.ERASURE),
            event.recorded_at <= instant,
            event.customer_id.is_not(None),
        )
        .distinct()
    )


def _count_of(ids: Select[tuple[int]]) -> Select[tuple[int]]:
    return select(func.count()).select_from(ids.subquery())


def _last(which: ColumnElement[bool], code: ColumnElement[int]) -> ColumnElement[int]:
    return func.max(case((which, ConsentEvent.id * STEP + code)))


def _ends(event: ConsentEvent) -> bool:
    """Whether the record ends with it: `_gone`."""
    return event.kind == Kind.ERASURE or (event.kind == Kind.IDENTITY and event.reason == MERGED_INTO)


def _then(customer_id: int, events: list[ConsentEvent]) -> Then:
    reached = state.fold(events)
    by_id = {event.id: event for event in events}
    return Then(
        customer_id,
        reached,
        by_id.get(reached.status_event_id or 0),
        _maker(events, Kind.PLATFORM_STOP) if reached.platform_stop_at else None,
        _maker(events, Kind.HOLD) if reached.held_at else None,
    )


def _maker(events: list[ConsentEvent], kind: Kind) -> ConsentEvent | None:
    return next((e for e in reversed(events) if e.kind == kind and e.effect == Effect.CHANGED), None)
