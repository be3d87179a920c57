"""The rows of the customers table, read with as few statements as the page needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row as Record
from sqlalchemy import Select, select

from webapp import clock
from webapp.accounts.actors import actor_names
from webapp.consent import gate, policy
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Status
from webapp.customers import values, wording
from webapp.customers.models import Customer
from webapp.customers.phones import mask
from webapp.extensions import db


@dataclass(frozen=True)
class Reader:
    """Who looks at the rows: their key in the ledger, and whether numbers are masked for them."""

    actor: str
    masked: bool = False


@dataclass(frozen=True)
class Row:
    """One customer as the table shows it."""

    id: int
    label: str
    phone: str
    status: str
    state_words: str
    why: str
    why_at: datetime | None
    warning: str
    attributes: list[tuple[str, str]]
    tags: list[str]
    created_at: datetime
    version: int
    mine: bool = False
    """The reader set the state; their own page knows."""
    unmatched: bool = False
    """It was changed and no longer matches the filter; it stays until the next navigation."""
    changed: bool = False
    """It changed without this page's doing; it pulses once."""
    error: str = ""
    """Why what was asked did not happen."""


def rows_of(ids: Sequence[int], reader: Reader) -> list[Row]:
    """The rows of these customers, in this order."""
    records = {record.id: record for record in db.session.execute(_select(ids))}
    names = actor_names(record.actor for record in records.values() if record.actor)
    lapsed = _lapsed(records.values())
    return [_row(records[id], reader, names, lapsed.get(id, "")) for id in ids if id in records]


def row_of(customer_id: int, reader: Reader, **marks: Any) -> Row:
    """The row of one customer, with marks such as `error`, `unmatched` or `changed`."""
    (row,) = rows_of([customer_id], reader)
    return replace(row, **marks)


def _select(ids: Iterable[int]) -> Select[Any]:
    return (
        select(
            Customer.id, Customer.name, Customer.phone_display, Customer.status, Customer.status_at,
            Customer.platform_stop_at, Customer.held_at, Customer.disputed_at, Customer.attrs_json,
            Customer.tags_json, Customer.created_at, Customer.version, ConsentEvent.source,
            ConsentEvent.actor, Evidence.channel, Evidence.matched,
        )
        .outerjoin(ConsentEvent, ConsentEvent.id == Customer.status_event_id)
        .outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
        .where(Customer.id.in_(ids))
    )  # fmt: skip


def _lapsed(records: Iterable[Record[Any]]) -> dict[int, str]:
    """Of those whose opt-in the workspace wants confirmed again: what to say about it."""
    settings = policy.current()
    since = policy.terms(settings, clock.now()).opted_in_since
    words = wording.lapsed(settings.reconfirm_months)
    opted_in = (record for record in records if record.status == Status.OPTED_IN)
    return {record.id: words for record in opted_in if gate.lapsed(record.status_at, since)}


def _row(record: Record[Any], reader: Reader, names: dict[str, str], lapsed: str) -> Row:
    return Row(
        id=record.id,
        label=record.name or f"Customer {record.id}",
        phone=mask(record.phone_display) if reader.masked else record.phone_display,
        status=record.status,
        state_words=wording.STATES[Status(record.status)],
        why=_why(record, reader, names),
        why_at=record.status_at,
        warning=_warning(record, lapsed),
        attributes=[(key, values.display(value)) for key, value in record.attrs_json.items()],
        tags=record.tags_json,
        created_at=record.created_at,
        version=record.version,
        mine=record.actor == reader.actor,
    )


def _why(record: Record[Any], reader: Reader, names: dict[str, str]) -> str:
    if record.source is None:
        return ""
    by = "you" if record.actor == reader.actor else names[record.actor]
    return wording.why(
        record.source, record.status, by=by, channel=record.channel or "", matched=record.matched or ""
    )


def _warning(record: Record[Any], lapsed: str) -> str:
    """Only for those who would otherwise receive marketing; who opted out is left out anyway."""
    if record.status == Status.OPTED_OUT:
        return ""
    if record.platform_stop_at:
        return wording.STOPPED
    if record.disputed_at:
        return wording.DISPUTED
    return wording.ON_HOLD if record.held_at else lapsed
