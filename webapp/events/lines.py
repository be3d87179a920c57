"""Events of the log as people read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.accounts.actors import actor_names
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Effect, Kind
from webapp.customers import wording
from webapp.customers.models import Customer
from webapp.events import policy_words
from webapp.events.filters import SOURCES
from webapp.extensions import db
from webapp.formatting import iso


@dataclass(frozen=True)
class Line:
    """One event. `change`: what it made of the status, or why it changed nothing."""

    id: int
    customer_id: int | None
    customer: str
    present: bool
    """Whether the customer has a page; not after an erasure."""
    title: str
    change: str
    words: str
    settings: list[str]
    """What became of the workspace's settings, a sentence each."""
    source: str
    by: str
    batch_id: int | None
    occurred_at: datetime
    recorded_at: datetime


COLUMNS = (
    "event", "recorded_at", "happened_at", "customer_id", "kind", "status", "status_before", "effect",
    "reason", "source", "actor", "by", "takes_back", "batch", "channel", "evidence",
)  # fmt: skip


def lines_of(rows: Iterable[Any], *, evidence: bool) -> list[Line]:
    """Rows of `log_query`, with two more statements for names; `evidence` shows what people said."""
    rows = list(rows)
    names = actor_names(row.ConsentEvent.actor for row in rows)
    people = _people({row.ConsentEvent.customer_id for row in rows if row.ConsentEvent.customer_id})
    return [_line(row, names, people, evidence) for row in rows]


def cells_of(rows: Iterable[Any], *, evidence: bool) -> list[tuple[object, ...]]:
    """The same for a table file."""
    rows = list(rows)
    names = actor_names(row.ConsentEvent.actor for row in rows)
    return [_cells(row.ConsentEvent, row.Evidence, row.before, names, evidence) for row in rows]


def _people(ids: set[int]) -> dict[int, tuple[str, bool]]:
    columns = select(Customer.id, Customer.name, Customer.erased_at).where(Customer.id.in_(ids))
    found = db.session.execute(columns)
    return {row.id: (row.name or f"Customer {row.id}", row.erased_at is None) for row in found}


def _line(row: Any, names: dict[str, str], people: dict[int, tuple[str, bool]], evidence: bool) -> Line:
    event, proof = row.ConsentEvent, row.Evidence
    label, present = people.get(event.customer_id or 0, ("", False))
    policy = event.kind == Kind.POLICY
    return Line(
        id=event.id,
        customer_id=event.customer_id,
        customer=label,
        present=present,
        title=wording.headline(event, proof.channel if proof else ""),
        change=_change(event, row.before),
        words=proof.words if proof and evidence and not policy else "",
        settings=policy_words.lines(proof.words) if proof and policy else [],
        source=SOURCES.get(event.source, event.source),
        by=names[event.actor],
        batch_id=event.batch_id,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
    )


def _change(event: ConsentEvent, before: str | None) -> str:
    if event.effect == Effect.NONE:
        return wording.no_effect(event.effect, event.reason)
    return wording.change(before, event.status) if event.kind == Kind.CONSENT else ""


def _cells(
    event: ConsentEvent, proof: Evidence | None, before: str | None, names: dict[str, str], evidence: bool
) -> tuple[object, ...]:
    shown = proof if evidence else None
    return (
        event.id, iso(event.recorded_at), iso(event.occurred_at), event.customer_id or "", event.kind,
        event.status or "", (before or "unknown") if event.kind == Kind.CONSENT else "", event.effect,
        event.reason, event.source, event.actor, names[event.actor], event.compensates or "",
        event.batch_id or "", shown.channel if shown else "", shown.words if shown else "",
    )  # fmt: skip
