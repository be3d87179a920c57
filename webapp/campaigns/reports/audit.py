"""The auditor: did any marketing message start after its customer's opt-out? It does not trust the gate.

It folds each customer's history up to the moment at which a message started, by `recorded_at`, and it reads
what the gate itself says it saw.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select

from webapp.campaigns.models import Delivery
from webapp.consent import ledger, state
from webapp.consent.gate import Category
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import State, Status, Turn
from webapp.extensions import db

SAME_MOMENT = timedelta(seconds=10)
"""An event's time is taken before its transaction waits for the row that a claim has locked. Within so much
the order of the clocks proves nothing, and what the gate saw under that lock decides."""
AT_ONCE = 1000


MARKETING = or_(Delivery.gate_category == Category.MARKETING, Delivery.gate_category.is_(None))
"""Messages that need consent; one of which the gate kept no category counts, too."""


@dataclass(frozen=True)
class Violation:
    """A marketing message that started although its customer was opted out, stopped or on hold."""

    delivery_id: int
    campaign_id: int
    customer_id: int
    started_at: datetime
    why: str


def started() -> int:
    """How many marketing messages ever started: what `violations` judges."""
    counted = select(func.count()).where(Delivery.started_at.is_not(None), MARKETING)
    return db.session.scalar(counted) or 0


def violations(now: datetime) -> list[Violation]:
    """All of them, the oldest delivery first; reads in parts."""
    found: list[Violation] = []
    after = 0
    while part := _suspects(after):
        found += [violation for delivery in part if (violation := _judge(delivery))]
        after = part[-1].id
    return found


def _suspects(after: int) -> list[Delivery]:
    """Started marketing messages to customers who had said or caused something against it before."""
    against = exists().where(
        ConsentEvent.customer_id == Delivery.customer_id,
        ConsentEvent.recorded_at < Delivery.started_at,
        or_(
            ConsentEvent.status == Status.OPTED_OUT,
            ConsentEvent.status == Turn.STOPPED,
            ConsentEvent.status == Turn.HELD,
        ),
    )
    seen = or_(against, Delivery.gate_status == Status.OPTED_OUT, Delivery.gate_stopped, Delivery.gate_held)
    query = select(Delivery).where(Delivery.id > after, Delivery.started_at.is_not(None), MARKETING, seen)
    return list(db.session.scalars(query.order_by(Delivery.id).limit(AT_ONCE)))


def _judge(delivery: Delivery) -> Violation | None:
    started_at = delivery.started_at
    if started_at is None:
        return None
    history = ledger.history(delivery.customer_id)
    certain = [e for e in history if e.recorded_at < started_at - SAME_MOMENT]
    recent = [e for e in history if started_at - SAME_MOMENT <= e.recorded_at < started_at]
    seen_id = delivery.gate_event_id or 0
    known = [*certain, *(e for e in recent if e.id <= seen_id)]
    why = _against(state.fold(known)) or _admitted(delivery)
    if not why:
        return None
    return Violation(delivery.id, delivery.campaign_id, delivery.customer_id, started_at, why)


def _against(then: State) -> str:
    if then.status == Status.OPTED_OUT:
        return "opted out"
    if then.platform_stop_at:
        return "stopped in WhatsApp"
    return "on hold" if then.held_at else ""


def _admitted(delivery: Delivery) -> str:
    """What the gate says it saw, and let pass."""
    if delivery.gate_status == Status.OPTED_OUT:
        return "opted out"
    if delivery.gate_stopped:
        return "stopped in WhatsApp"
    return "on hold" if delivery.gate_held else ""
