"""The statement of the promise: queued deliveries become `sending` if the gate lets them, else `suppressed`.

It reads each customer's state under a lock that a change of consent needs too: whichever commits first counts
for the other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Update,
    bindparam,
    case,
    literal,
    null,
    or_,
    select,
    update,
)

from webapp.campaigns.models import Delivery, DeliveryState
from webapp.consent import gate_query
from webapp.consent.gate import Category, Terms
from webapp.consent.gate_query import BoundTerms
from webapp.customers.models import Customer
from webapp.database import UtcDateTime
from webapp.extensions import db

LONGEST_WAIT = timedelta(hours=2)
"""WhatsApp asks for less; what lies further ahead was written by a clock that was wrong."""
LEASE = timedelta(seconds=60)
"""A delivery is thought to be on the wire so long; then its outcome is unknown."""


@dataclass(frozen=True)
class Gate:
    """What the gate asks consent for, and the workspace's terms."""

    category: Category
    terms: Terms


def start(campaign_id: int, gate: Gate, wanted: int, token: str, now: datetime) -> list[Any]:
    """Rows (`id`, `customer_id`, `state`) of the deliveries that were due, `wanted` at most, by their ids."""
    values = {
        "of_campaign": campaign_id, "wanted": wanted, "as_token": token, "at": now, "leased": now + LEASE,
        "never": now + LONGEST_WAIT,
    }  # fmt: skip
    since = gate.terms.opted_in_since
    statement = _statement(gate.category, gate.terms.unknown_may_receive, since is not None)
    values |= {"opted_in_since": since} if since else {}
    return sorted(db.session.execute(statement, values).all(), key=lambda row: row.id)


def _due(at: BindParameter[datetime]) -> tuple[ColumnElement[bool], ...]:
    due_at = Delivery.not_before
    return (
        Delivery.campaign_id == bindparam("of_campaign"), Delivery.state == DeliveryState.QUEUED,
        or_(due_at.is_(None), due_at <= at, due_at > bindparam("never")),
    )  # fmt: skip


@lru_cache(maxsize=16)
def _statement(category: Category, unknown_allowed: bool, has_period: bool) -> Update:
    """Built once: building it costs as much as running it for a dozen rows."""
    at = bindparam("at", type_=UtcDateTime)
    since = bindparam("opted_in_since", type_=UtcDateTime) if has_period else None
    reason = gate_query.suppression(Customer, category, BoundTerms(unknown_allowed, since))
    due = (
        select(
            Delivery.id.label("delivery_id"), reason.label("reason"),
            Customer.status, Customer.status_event_id,
            Customer.platform_stop_at.is_not(None).label("stopped"),
            gate_query.paused(Customer).label("held"),
        )
        .join(Customer, Customer.id == Delivery.customer_id)
        .where(*_due(at))
        .order_by(Delivery.id)
        .limit(bindparam("wanted"))
        .with_for_update(of=[Delivery, Customer], key_share=True, skip_locked=True)
        .cte("due")
    )  # fmt: skip
    free = due.c.reason.is_(None)
    return (
        update(Delivery)
        .where(Delivery.id == due.c.delivery_id)
        .values(
            state=case((free, literal(DeliveryState.SENDING.value)),
                       else_=literal(DeliveryState.SUPPRESSED.value)),
            reason=due.c.reason, token=bindparam("as_token"),
            lease_until=bindparam("leased", type_=UtcDateTime), started_at=case((free, at), else_=null()),
            gate_category=category.value, gate_status=due.c.status, gate_event_id=due.c.status_event_id,
            gate_stopped=due.c.stopped, gate_held=due.c.held, gate_unknown_allowed=unknown_allowed,
        )
        .returning(Delivery.id, Delivery.customer_id, Delivery.state)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
