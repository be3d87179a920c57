"""The decision record: every delivery of a campaign, with what the gate saw when it started."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, func, select

from webapp.campaigns.models import Campaign, Delivery, DeliveryState
from webapp.campaigns.reports import opt_outs
from webapp.campaigns.reports.decided import decided_at
from webapp.campaigns.reports.reasons import STATES, words_of
from webapp.consent.rules import Status
from webapp.customers.cells import safe
from webapp.customers.models import Customer
from webapp.customers.phones import mask
from webapp.customers.wording import STATES as CONSENT
from webapp.extensions import db

PER_PAGE = 50
CHUNK = 1000
COLUMNS = (
    "customer_id", "name", "phone", "state", "reason", "error_code", "attempts", "started_at", "sent_at",
    "delivered_at", "read_at", "failed_at", "message_id", "after_opt_out", "settled_by", "settled_why",
    "gate_category", "gate_status", "gate_event", "gate_stopped", "gate_held", "gate_unknown_allowed",
    "decided_at",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which deliveries: all of them, or those of a state, a reason, a code; `marked` after an opt-out,
    `lost` to customers whose opt-out counts for the campaign."""

    state: str = ""
    reason: str = ""
    code: int | None = None
    marked: bool = False
    lost: bool = False

    def to_args(self) -> dict[str, Any]:
        """The parameters of a URL that means the same; what is not asked for is left out."""
        flags = {"marked": self.marked and "1", "lost": self.lost and "1"}
        args = {"state": self.state, "reason": self.reason, "code": self.code, **flags}
        return {name: value for name, value in args.items() if value or (value == 0 and name == "code")}


@dataclass(frozen=True)
class Record:
    """One delivery as the page shows it."""

    delivery: Delivery
    customer_id: int
    label: str
    phone: str
    present: bool
    """Whether the customer has a page; not after an erasure or a merge."""
    state_words: str
    why: str
    gate: list[str]
    """What the gate saw, part by part; empty for a message that it was never asked about."""
    decided_at: datetime | None


@dataclass(frozen=True)
class Part:
    """One page, and the id behind which the next one begins; None on the last."""

    records: list[Record]
    next: int | None


def part(campaign_id: int, wanted: Wanted, after: int, *, masked: bool) -> Part:
    """The records behind the delivery `after`, in the order in which they were written."""
    found = list(db.session.execute(_rows(campaign_id, wanted, after).limit(PER_PAGE + 1)))
    shown = found[:PER_PAGE]
    goes_on = len(found) > PER_PAGE
    return Part([_record(row, masked) for row in shown], shown[-1].Delivery.id if goes_on else None)


def lines(campaign_id: int, wanted: Wanted, *, masked: bool) -> Iterator[list[tuple[object, ...]]]:
    """The whole record as cells of a table file, in parts. No transaction stays open while one is sent."""
    after = 0
    while found := list(db.session.execute(_rows(campaign_id, wanted, after).limit(CHUNK))):
        after = found[-1].Delivery.id
        cells = [_cells(row, masked) for row in found]
        db.session.rollback()
        yield cells


def count(campaign_id: int, wanted: Wanted) -> int:
    rows = _rows(campaign_id, wanted, 0).order_by(None).with_only_columns(Delivery.id).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def one(delivery: Delivery, *, masked: bool) -> Record:
    row = db.session.execute(
        _rows(delivery.campaign_id, Wanted(), delivery.id - 1).where(Delivery.id == delivery.id)
    ).one()
    return _record(row, masked)


def _rows(campaign_id: int, wanted: Wanted, after: int) -> Select[Any]:
    query = (
        select(
            Delivery, Customer.name, Customer.phone_display, Customer.erased_at, Customer.merged_into_id,
            Campaign.launched_at,
        )
        .join(Customer, Customer.id == Delivery.customer_id)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(Delivery.campaign_id == campaign_id, Delivery.id > after)
        .order_by(Delivery.id)
    )  # fmt: skip
    if wanted.state:
        query = query.where(Delivery.state == wanted.state)
    if wanted.reason:
        query = query.where(Delivery.reason == wanted.reason)
    if wanted.code is not None:
        query = query.where(Delivery.error_code == wanted.code)
    if wanted.lost:
        query = query.where(Delivery.customer_id.in_(_lost(campaign_id)))
    return query.where(Delivery.after_opt_out) if wanted.marked else query


def _lost(campaign_id: int) -> list[int]:
    caused = opt_outs.caused(select(Campaign.id).where(Campaign.id == campaign_id))
    return [opt_out.customer_id for opt_out in caused]


def _record(row: Row[Any], masked: bool) -> Record:
    delivery = row.Delivery
    return Record(
        delivery=delivery,
        customer_id=delivery.customer_id,
        label=row.name or f"Customer {delivery.customer_id}",
        phone=_phone(row, masked),
        present=row.erased_at is None and row.merged_into_id is None,
        state_words=STATES[delivery.state],
        why=words_of(delivery.state, delivery.reason, delivery.error_code),
        gate=_gate(delivery),
        decided_at=decided_at(delivery, row.launched_at),
    )


def _phone(row: Row[Any], masked: bool) -> str:
    return mask(row.phone_display) if masked else row.phone_display


def _gate(delivery: Delivery) -> list[str]:
    if delivery.gate_status is None:
        return []
    saw = [(delivery.gate_category or "").capitalize(), CONSENT[Status(delivery.gate_status)]]
    if delivery.gate_event_id:
        saw.append(f"event {delivery.gate_event_id}")
    saw.append("stopped in WhatsApp" if delivery.gate_stopped else "no stop")
    saw.append("on hold" if delivery.gate_held else "no hold")
    if delivery.gate_status == Status.UNKNOWN and delivery.gate_unknown_allowed:
        saw.append("no record was allowed")
    return [words for words in saw if words]


def _cells(row: Row[Any], masked: bool) -> tuple[object, ...]:
    sent = row.Delivery
    failed = sent.state == DeliveryState.FAILED
    return (
        sent.customer_id, safe(row.name), safe(_phone(row, masked)), sent.state, sent.reason or "",
        sent.error_code if failed and sent.error_code is not None else "", sent.attempts,
        _instant(sent.started_at), _instant(sent.sent_at), _instant(sent.delivered_at),
        _instant(sent.read_at), _instant(sent.failed_at), safe(sent.wamid or ""),
        _flag(sent.after_opt_out), sent.settled_by or "",
        safe(sent.settled_why), sent.gate_category or "", sent.gate_status or "", sent.gate_event_id or "",
        _flag(sent.gate_stopped), _flag(sent.gate_held), _flag(sent.gate_unknown_allowed),
        _instant(decided_at(sent, row.launched_at)),
    )  # fmt: skip


def _flag(value: bool | None) -> str:
    return "" if value is None else str(value).lower()


def _instant(instant: datetime | None) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z") if instant else ""
