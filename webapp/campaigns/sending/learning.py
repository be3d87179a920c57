"""What sending teaches about customers: addresses that WhatsApp knows, who is out of reach, who stopped."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select

from webapp.campaigns.models import Delivery, DeliveryState
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.sender import Accepted
from webapp.consent import ledger
from webapp.consent.ledger import Proof, Signal
from webapp.consent.rules import Source, Turn
from webapp.customers import duplicates, identities, locking, newcomers, phones, sharing
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.erasure import suppressions
from webapp.customers.identities import IdentityTaken
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db

NOT_ON_WHATSAPP = 131026
IN_A_ROW = 3
SOURCE = "whatsapp"
ONE_ADDRESS = "WhatsApp answered a message to one with the address of the other."


def learn(answers: Iterable[tuple[Claimed, Accepted]], now: datetime) -> None:
    """Note the addresses by which WhatsApp knows these customers; most were known when they were claimed."""
    told = {
        (kind, value): claimed.customer_id
        for claimed, answer in answers
        for kind, value in ((IdentityKind.WA_ID, answer.wa_id), (IdentityKind.USER_ID, answer.user_id))
        if value and (kind, value) not in claimed.known
    }
    if not told:
        return
    columns = Identity.kind, Identity.value, Identity.customer_id
    known = db.session.execute(
        select(*columns).where(
            Identity.kind.in_({kind for kind, _ in told}), Identity.value.in_({value for _, value in told})
        )
    )
    owners = {(row.kind, row.value): row.customer_id for row in known}
    for (kind, value), customer_id in sorted(told.items(), key=itemgetter(1)):
        if owners.get((kind, value)) != customer_id:
            _attach(customer_id, kind, value, now)


def learn_user_ids(told: Mapping[str, Customer], now: datetime) -> None:
    """Note the user ids that receipts show for our messages: they are how somebody is known who hides the
    number later. One that differs from what is known says nothing here: a message of theirs will ask."""
    told = {value: one for value, one in told.items() if not one.erased_at and not one.merged_into_id}
    if not told:
        return
    shown = (Identity.kind == IdentityKind.USER_ID) & Identity.value.in_(told)
    theirs = Identity.customer_id.in_({one.id for one in told.values()})
    columns = Identity.kind, Identity.value, Identity.customer_id
    known = [
        row
        for row in db.session.execute(select(*columns).where(or_(shown, theirs)))
        if row.kind == IdentityKind.USER_ID
    ]
    owners, having = {row.value: row.customer_id for row in known}, {row.customer_id for row in known}
    fresh: dict[int, dict[str, Any]] = {}
    places = {value: Address(IdentityKind.USER_ID, value, value) for value in told if value not in owners}
    erased = suppressions.standing_if_told(places.values()) if places else {}
    for value, customer in told.items():
        if value in erased or owners.get(value, customer.id) != customer.id:
            _attach(customer.id, IdentityKind.USER_ID, value, now)
        elif customer.id not in having:
            fresh[customer.id] = identities.row_of(customer, IdentityKind.USER_ID, value, SOURCE, now)
    if fresh:
        db.session.execute(insert(Identity), list(fresh.values()))


def _attach(customer_id: int, kind: IdentityKind, value: str, now: datetime) -> None:
    """Note the address with the customer, or who it was merged into while the message was on the wire."""
    try:
        place = address(kind, value)
    except MalformedId:
        return
    customer = locking.locked_survivor(customer_id)
    if customer.erased_at:
        return
    known = {identity.match_key for identity in customer.identities}
    if place.match_key not in known:
        newcomers.write_in()
    try:
        with db.session.begin_nested():
            identities.attach_address(customer, place, SOURCE, now)
        if place.match_key not in known:
            suppressions.receive(customer, [place], now)
    except IdentityTaken as taken:
        duplicates.note(customer, db.session.get_one(Customer, taken.customer_id), ONE_ADDRESS, now)
    if place.match_key not in known:
        _meet(customer, place, now)


def _meet(customer: Customer, place: Address, now: datetime) -> None:
    """Others may have had the address before, as a number or in a variant; WhatsApp says that it is one."""
    others = [one for one in identities.customers_like([place]) if one.id != customer.id]
    if others:
        for other in others:
            ledger.lock(other)
        proof = Proof(
            "whatsapp", "WhatsApp knows this address as that of a customer who asked to be left alone"
        )
        sharing.share_stops([customer, *others], Signal(Source.SYSTEM, "system", now, proof=proof))


def stopped(customer_id: int, message_id: str, now: datetime, stated_at: datetime | None = None) -> None:
    """WhatsApp refuses because the person stopped our marketing (code 131050)."""
    proof = Proof("whatsapp", "WhatsApp reports 131050")
    signal = Signal(
        Source.DELIVERY_FAILURE, "whatsapp", now, stated_at=stated_at, message_id=message_id, proof=proof
    )
    for customer in locking.locked_alike(db.session.get_one(Customer, customer_id)):
        ledger.record_platform(customer, Turn.STOPPED, signal)


def undeliverable(customer_id: int, code: int | None, now: datetime) -> None:
    """Mark a customer unreachable whose last messages, three in a row, were not deliverable."""
    if code != NOT_ON_WHATSAPP:
        return
    db.session.flush()
    last = db.session.execute(
        select(Delivery.state, Delivery.error_code)
        .where(Delivery.customer_id == customer_id, Delivery.started_at.is_not(None))
        .order_by(Delivery.started_at.desc(), Delivery.id.desc())
        .limit(IN_A_ROW)
    ).all()
    failed = [row for row in last if row.state == DeliveryState.FAILED and row.error_code == code]
    if len(failed) == IN_A_ROW:
        customer = identities.survivor(db.session.get_one(Customer, customer_id))
        ledger.lock(customer)
        customer.unreachable_at = customer.unreachable_at or now
        customer.version += 1


def reachable(customers: Iterable[Customer]) -> None:
    """A message arrived: whoever was thought unreachable, as just read, is not."""
    for customer in customers:
        if customer.unreachable_at:
            ledger.lock(customer)
            customer.unreachable_at = None
            customer.version += 1


def country_of(customer_id: int) -> str:
    """The country code of the number to which this customer's messages go; "" when none is known."""
    number = db.session.scalar(
        select(Identity.value)
        .where(Identity.customer_id == customer_id, Identity.kind.in_(NUMBER_KINDS))
        .order_by(Identity.left_at.is_not(None), Identity.id)
        .limit(1)
    )
    return phones.country_code(number) if number else ""


def of_country(code: str) -> ColumnElement[bool]:
    """Whether a delivery goes to a number with this country code."""
    reached = select(Identity.customer_id).where(
        Identity.kind.in_(NUMBER_KINDS), Identity.value.startswith(code), Identity.left_at.is_(None)
    )
    return Delivery.customer_id.in_(reached)
