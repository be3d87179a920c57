"""The consent log of the whole workspace: events by filter, the newest first, each with the status before.

Ordered by `recorded_at`, then by id: an import records all its events at one instant while others are
recorded meanwhile, so ids alone are not the order of time. A page goes on behind the id of an event.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, select, tuple_
from sqlalchemy.orm import aliased

from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Effect, Kind
from webapp.extensions import db

PER_PAGE = 50
CHUNK = 1000


@dataclass(frozen=True)
class Wanted:
    """Which events: those that meet everything that is given."""

    customer_ids: Sequence[int] = ()
    """A customer and those merged into them."""
    event_ids: Sequence[int] | None = None
    actor: str = ""
    source: str = ""
    kind: str = ""
    batch_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Recorded before this instant."""


@dataclass(frozen=True)
class Part:
    """One page, and the id behind which the next one begins; None on the last."""

    rows: list[Any]
    next: int | None


def part(wanted: Wanted, after: int | None) -> Part:
    """The events behind this one, as rows of `ConsentEvent`, `Evidence` (or None) and `before`."""
    rows = list(db.session.execute(_behind(rows_of(wanted), after).limit(PER_PAGE + 1)))
    more = len(rows) > PER_PAGE
    return Part(rows[:PER_PAGE], rows[PER_PAGE - 1].ConsentEvent.id if more else None)


def chunks(wanted: Wanted) -> Iterator[list[Any]]:
    """All of them in parts. No transaction stays open while one is used."""
    after = None
    while rows := list(db.session.execute(_behind(rows_of(wanted), after).limit(CHUNK))):
        after = rows[-1].ConsentEvent.id
        yield rows
        db.session.rollback()


def count(wanted: Wanted) -> int:
    counted = select(func.count()).select_from(ConsentEvent).where(*_tests(wanted))
    return db.session.scalar(counted) or 0


def rows_of(wanted: Wanted) -> Select[Any]:
    """The whole answer in its order."""
    return (
        select(ConsentEvent, Evidence, _status_before().label("before"))
        .outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
        .where(*_tests(wanted))
        .order_by(ConsentEvent.recorded_at.desc(), ConsentEvent.id.desc())
    )


def _behind(query: Select[Any], after: int | None) -> Select[Any]:
    if after is None:
        return query
    at = select(ConsentEvent.recorded_at).where(ConsentEvent.id == after).scalar_subquery()
    place = tuple_(ConsentEvent.recorded_at, ConsentEvent.id)
    return query.where(place < tuple_(at, after))


def _status_before() -> Any:
    """What the customer's status was: each change says what it led to, and so does each undo."""
    earlier = aliased(ConsentEvent)
    return (
        select(earlier.status)
        .where(
            earlier.customer_id == ConsentEvent.customer_id,
            earlier.id < ConsentEvent.id,
            earlier.kind == Kind.CONSENT,
            earlier.effect == Effect.CHANGED,
        )
        .order_by(earlier.id.desc())
        .limit(1)
        .scalar_subquery()
    )


def _tests(wanted: Wanted) -> list[ColumnElement[bool]]:
    event = ConsentEvent
    tests = [
        column == value
        for column, value in (
            (event.actor, wanted.actor),
            (event.source, wanted.source),
            (event.kind, wanted.kind),
            (event.batch_id, wanted.batch_id),
        )
        if value
    ]
    if wanted.customer_ids:
        tests.append(event.customer_id.in_(wanted.customer_ids))
    if wanted.event_ids is not None:  # written out, for they may be more than a statement has parameters
        tests.append(event.id.in_(bindparam(None, wanted.event_ids, expanding=True, literal_execute=True)))
    if wanted.since:
        tests.append(event.recorded_at >= wanted.since)
    if wanted.until:
        tests.append(event.recorded_at < wanted.until)
    return tests
