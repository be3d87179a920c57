"""What WhatsApp tells later about messages: sent, delivered, read, failed, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select

from webapp.campaigns import lifecycle
from webapp.campaigns.models import ARRIVED, TAKEN, Delivery, DeliveryState
from webapp.campaigns.sending import addressing, learning
from webapp.campaigns.sending.codes import Action, rule_of
from webapp.campaigns.sending.outcomes import REFUSED, code_word
from webapp.consent.rules import Status
from webapp.customers import identities
from webapp.customers.erasure.erasing import veiled
from webapp.customers.models import Customer
from webapp.extensions import db

PROGRESS = {
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "played": DeliveryState.READ,
}


@dataclass(frozen=True)
class News:
    """One status: which message it names, by our own callback and by WhatsApp's id, and what it says."""

    callback: str | None
    wamid: str | None
    status: str
    code: int | None
    at: datetime


def apply(news: Sequence[News], now: datetime) -> dict[int, Customer]:
    """Move the deliveries that the statuses name; the customer of each, by the position of its status."""
    named = {position: addressing.delivery_named(item.callback) for position, item in enumerate(news)}
    rows = _rows({name[1] for name in named.values() if name}, {item.wamid for item in news if item.wamid})
    people = {row.customer_id: customer for row, customer in rows}
    by_id = {row.id: row for row, _ in rows}
    by_wamid = {row.wamid: row for row, _ in rows if row.wamid}
    customers: dict[int, Customer] = {}
    for position, item in enumerate(news):
        delivery = _named(by_id, named[position], item.wamid) or _of_message(by_wamid, item.wamid)
        if delivery is not None:
            customers[position] = people[delivery.customer_id]
            _tell(delivery, people[delivery.customer_id], item, now)
    db.session.flush()
    learning.reachable(customer for row, customer in rows if row.state in ARRIVED)
    return customers


def _named(rows: dict[int, Delivery], name: tuple[int, int] | None, wamid: str | None) -> Delivery | None:
    """The row of a callback, unless its campaign or its message is another one: ids come again when a
    backup is restored, and two desks may share an account."""
    row = rows.get(name[1]) if name else None
    if row is None or name is None or row.campaign_id != name[0]:
        return None
    return row if not wamid or row.wamid in (None, wamid, veiled(wamid)) else None


def _of_message(rows: dict[str, Delivery], wamid: str | None) -> Delivery | None:
    """The row of WhatsApp's id; of who was erased meanwhile only a digest of it is left."""
    return (rows.get(wamid) or rows.get(veiled(wamid))) if wamid else None


def _rows(ids: set[int], wamids: set[str]) -> list[tuple[Delivery, Customer]]:
    if not ids and not wamids:
        return []
    query = select(Delivery, Customer).join(Customer, Customer.id == Delivery.customer_id)
    known_as = wamids | set(map(veiled, wamids))
    named = query.where(or_(Delivery.id.in_(ids), Delivery.wamid.in_(known_as))).order_by(Delivery.id)
    locked = named.with_for_update(of=Delivery, key_share=True)
    found = db.session.execute(locked.execution_options(populate_existing=True))
    return [(delivery, customer) for delivery, customer in found]


def _tell(delivery: Delivery, customer: Customer, item: News, now: datetime) -> None:
    if item.wamid and not delivery.wamid:
        delivery.wamid = veiled(item.wamid) if customer.erased_at else item.wamid
    if item.status in PROGRESS:
        _advance(delivery, customer, PROGRESS[item.status], item.at)
    elif item.status == "failed":
        _fail(delivery, item, now)


def _advance(delivery: Delivery, customer: Customer, state: DeliveryState, at: datetime) -> None:
    """Forwards only. Whatever else was thought of it: WhatsApp has it, so it is not sent again."""
    if state == DeliveryState.SENT:
        delivery.sent_at = delivery.sent_at or at
    else:
        _arrived(delivery, customer, at)
    if state == DeliveryState.READ:
        delivery.read_at = delivery.read_at or at
    known = TAKEN.index(delivery.state) if delivery.state in TAKEN else -1
    failed_for_good = delivery.state == DeliveryState.FAILED and state == DeliveryState.SENT
    if TAKEN.index(state) > known and not failed_for_good:
        delivery.state, delivery.reason, delivery.error_code = state, None, None
        delivery.started_at = delivery.started_at or at


def _arrived(delivery: Delivery, customer: Customer, at: datetime) -> None:
    """It was there at that time, or earlier: whatever is read was delivered, and news come in any order."""
    if delivery.delivered_at is None or at < delivery.delivered_at:
        delivery.delivered_at = at
        delivery.after_opt_out = _after_opt_out(delivery, identities.survivor(customer), at)


def _after_opt_out(delivery: Delivery, customer: Customer, at: datetime) -> bool:
    """An opt-out that is heard of later than the message's arrival is found by the sweep."""
    out_at = customer.opt_out_at if customer.status == Status.OPTED_OUT else None
    return bool(out_at and delivery.started_at and delivery.started_at <= out_at <= at)


def _fail(delivery: Delivery, item: News, now: datetime) -> None:
    if delivery.state in (*ARRIVED, DeliveryState.FAILED, DeliveryState.QUEUED, DeliveryState.SUPPRESSED):
        return
    delivery.state, delivery.reason, delivery.error_code = DeliveryState.FAILED, REFUSED, item.code
    delivery.failed_at = item.at
    rule = rule_of(item.code, 200)
    if rule.action == Action.PAUSE_ALL:
        lifecycle.hold_all(code_word(rule), f"{rule.what}.", now)
    elif rule.action in (Action.PAUSE, Action.PAUSE_THEN_SKIP, Action.RETRY_ONCE_THEN_PAUSE):
        lifecycle.hold_one(delivery.campaign_id, code_word(rule), f"{rule.what}.", now)
    elif rule.action == Action.SKIP:
        learning.undeliverable(delivery.customer_id, item.code, now)


class AlreadySettled(Exception):
    """The delivery is not unknown any more."""


def settle_by_person(delivery: Delivery, arrived: bool, why: str, *, actor: str) -> None:
    """A person decides about an unknown delivery. Raises AlreadySettled when a status was faster."""
    db.session.refresh(delivery, with_for_update={"key_share": True})
    if delivery.state != DeliveryState.UNKNOWN:
        raise AlreadySettled
    delivery.state = DeliveryState.SENT if arrived else DeliveryState.FAILED
    delivery.reason = None if arrived else "by_person"
    delivery.settled_by, delivery.settled_why = actor, why
