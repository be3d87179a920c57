"""The rows of the customers table, read with as few statements as the page needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row as Record
from sqlalchemy import Select, select

from webapp import clock
from webapp.accounts.actors import name_column, name_of
from webapp.consent import gate, policy
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Status
from webapp.customers import wording
from webapp.customers.attributes import values
from webapp.customers.models import AttributeKey, AttributeType, Customer
from webapp.customers.phones import mask
from webapp.database import in_order
from webapp.extensions import db

DATED = (AttributeType.DATE, AttributeType.DATETIME)


@dataclass(frozen=True)
class Reader:
    """Who looks at the rows: their key in the ledger, and whether numbers are masked for them."""

    actor: str
    masked: bool = False


class Noted(NamedTuple):
    """An attribute of a customer as people read it, with the exact value where the words leave some out."""

    key: str
    words: str
    exact: str = ""


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
    attributes: list[Noted]
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
    records = {record.id: record for record in read(select(Customer.id).where(Customer.id.in_(ids)))}
    months = policy.current().reconfirm_months
    found = [records[id] for id in ids if id in records]
    return rows_from(found, reader, months, _moments() if found else {})


def row_of(customer_id: int, reader: Reader, **marks: Any) -> Row:
    """The row of one customer, with marks such as `error`, `unmatched` or `changed`."""
    (row,) = rows_of([customer_id], reader)
    return replace(row, **marks)


def rows_from(
    records: Iterable[Any], reader: Reader, reconfirm_months: int | None, types: Mapping[str, str]
) -> list[Row]:
    """The rows of records that were `read`; opt-ins are to be confirmed again after so many months.

    `types` tells, by their names, at least which attributes hold dates or times of day.
    """
    since = policy.opted_in_since(reconfirm_months, clock.now())
    words = wording.lapsed(reconfirm_months)
    return [_row(record, reader, words if _lapsed(record, since) else "", types) for record in records]


def read(ids: Select[tuple[int]]) -> list[Any]:
    """All that rows tell of the customers whose ids a query gives, in any order and in one statement."""
    some = ids.subquery()
    query = (
        select(
            Customer.id, Customer.name, Customer.phone_display, Customer.status, Customer.status_at,
            Customer.platform_stop_at, Customer.held_at, Customer.disputed_at, Customer.attrs_json,
            Customer.tags_json, Customer.created_at, Customer.version, ConsentEvent.source,
            ConsentEvent.actor, name_column(ConsentEvent.actor).label("actor_name"), Evidence.channel,
            Evidence.matched,
        )
        .select_from(in_order(some, Customer, Customer.id == some.c.id))
        .outerjoin(ConsentEvent, ConsentEvent.id == Customer.status_event_id)
        .outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
    )  # fmt: skip
    return list(db.session.execute(query))


def _lapsed(record: Record[Any], since: datetime | None) -> bool:
    return record.status == Status.OPTED_IN and gate.lapsed(record.status_at, since)


def _row(record: Record[Any], reader: Reader, lapsed: str, types: Mapping[str, str]) -> Row:
    return Row(
        id=record.id,
        label=record.name or f"Customer {record.id}",
        phone=mask(record.phone_display) if reader.masked else record.phone_display,
        status=record.status,
        state_words=wording.STATES[Status(record.status)],
        why=_why(record, reader),
        why_at=record.status_at,
        warning=_warning(record, lapsed),
        attributes=[noted(key, value, types.get(key)) for key, value in record.attrs_json.items()],
        tags=record.tags_json,
        created_at=record.created_at,
        version=record.version,
        mine=record.actor == reader.actor,
    )


def noted(key: str, value: Any, type: str | None) -> Noted:
    words = values.display(value, type)
    exact = value if type == AttributeType.DATETIME else ""
    return Noted(key, words.removesuffix(" UTC") if exact else words, exact)


def _moments() -> dict[str, str]:
    """The attributes that hold dates or times: their types by their names."""
    keys = select(AttributeKey.name, AttributeKey.type).where(AttributeKey.type.in_(DATED))
    return dict(db.session.execute(keys).all())


def _why(record: Record[Any], reader: Reader) -> str:
    if record.source is None:
        return ""
    by = "you" if record.actor == reader.actor else name_of(record.actor, record.actor_name)
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
