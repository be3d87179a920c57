"""What happened, as other systems are told it: no words of customers, and no numbers.

The number of a customer is added when the message is sent, to those endpoints that want it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select

from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports.decided import decided_at
from webapp.consent import ledger, state
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind
from webapp.customers.models import Customer
from webapp.customers.phones import digits
from webapp.endpoints.models import TEST, EventType, SuppressionNote
from webapp.extensions import db

KINDS = {
    EventType.CONSENT: Kind.CONSENT,
    EventType.PLATFORM_STOP: Kind.PLATFORM_STOP,
    EventType.HOLD: Kind.HOLD,
}


@dataclass(frozen=True)
class Happening:
    """`id` is unique among all happenings of this desk."""

    id: str
    payload: dict[str, Any]


def of_ledger(types: list[str], after: int, up_to: int, most: int) -> tuple[list[Happening], int]:
    """The next events behind `after`, and the one up to which all of these types are among them."""
    kinds = [kind for type_, kind in KINDS.items() if type_ in types]
    query = select(ConsentEvent).where(ConsentEvent.id > after, ConsentEvent.id <= up_to)
    events = db.session.scalars(
        query.where(ConsentEvent.kind.in_(kinds)).order_by(ConsentEvent.id).limit(most)
    ).all()
    reached = events[-1].id if len(events) == most else max(up_to, after)
    return [_of_event(event) for event in events], reached


def _of_event(event: ConsentEvent) -> Happening:
    type_ = next(type_ for type_, kind in KINDS.items() if kind == event.kind)
    said = _statuses(event) if event.kind == Kind.CONSENT else {"turn": event.status}
    return Happening(
        f"event-{event.id}",
        payload(type_, event.occurred_at, {
            "seq": event.id,
            "customer_id": event.customer_id,
            **said,
            "source": event.source,
            "effect": event.effect,
            "occurred_at": instant(event.occurred_at),
            "recorded_at": instant(event.recorded_at),
        }),
    )  # fmt: skip


def _statuses(event: ConsentEvent) -> dict[str, str]:
    """How the customer stood before it and after it, as the ledger tells."""
    history = [each for each in ledger.history(event.customer_id or 0) if each.id <= event.id]
    return {"before": state.fold(history[:-1]).status, "after": state.fold(history).status}


def of_notes(after: int, up_to: int, since: datetime, most: int) -> tuple[list[Happening], int]:
    """The next suppressed deliveries behind the note `after`, of campaigns launched since then, and the note
    up to which all are among them."""
    query = (
        select(SuppressionNote.id, Delivery, Campaign.launched_at)
        .join(Delivery, Delivery.id == SuppressionNote.delivery_id)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(SuppressionNote.id > after, SuppressionNote.id <= up_to, Campaign.launched_at >= since)
        .order_by(SuppressionNote.id)
        .limit(most)
    )
    rows = db.session.execute(query).all()
    reached = rows[-1].id if len(rows) == most else max(up_to, after)
    return [_of_delivery(row) for row in rows], reached


def _of_delivery(row: Row[Any]) -> Happening:
    delivery: Delivery = row.Delivery
    at = decided_at(delivery, row.launched_at) or row.launched_at
    said = {
        "campaign_id": delivery.campaign_id, "customer_id": delivery.customer_id, "reason": delivery.reason,
        "occurred_at": instant(at),
    }  # fmt: skip
    return Happening(f"delivery-{delivery.id}", payload(EventType.SUPPRESSED, at, said))


def trial(now: datetime) -> dict[str, Any]:
    return payload(TEST, now, {"message": "A trial from Heed: nothing happened to any customer."})


def with_phone(content: dict[str, Any]) -> dict[str, Any]:
    """The same with the customer's number, `+digits`, or null when there is none."""
    found = content["data"].get("customer_id")
    if found is None:
        return content
    shown = db.session.scalar(select(Customer.phone_display).where(Customer.id == found))
    return content | {"data": content["data"] | {"phone": f"+{digits(shown)}" if shown else None}}


def payload(type_: str, at: datetime, said: dict[str, Any]) -> dict[str, Any]:
    return {"type": str(type_), "timestamp": instant(at), "data": said}


def instant(moment: datetime) -> str:
    """`2026-11-22T09:12:04.123456Z`."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
