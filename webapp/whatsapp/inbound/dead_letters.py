"""Dead letters: items that could not be applied, what is kept to try them again, and the pause they cause.

What may be a stop is never ignored: as long as the words of somebody who is known lie in a dead letter,
marketing to that person is on hold. It ends when the item is applied after all, or put aside by a person.
"""

import json
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal
from webapp.consent.models import ConsentEvent, Hold
from webapp.consent.rules import HANDED_OVER, Kind, Source
from webapp.customers import locking
from webapp.customers.addresses import Address
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.inbound import faults
from webapp.whatsapp.inbound.senders import addresses_of, sender
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook import payloads
from webapp.whatsapp.webhook.events import USER_STOPPED_MARKETING
from webapp.whatsapp.webhook.payloads import Item, Person, Unread, canonical, clean
from webapp.whatsapp.webhook.reading import Malformed, identifier

log = logging.getLogger(__name__)

WHY = "could not be read; it is among the dead letters on the page Status"
NO_WORDS = "[a message that could not be read]"
SPOKEN = (payloads.Words, payloads.Button, payloads.Reaction, payloads.Passive, payloads.Preference,
          payloads.HiddenEdit)  # fmt: skip
SPEAKING_FIELDS = {"messages", "standby", "user_preferences"}
Find = Callable[[Item, datetime], Iterable[Customer]]


class NotOpen(Exception):
    """Somebody tried it again with success, or put it aside, in the meantime."""


def is_open() -> ColumnElement[bool]:
    """The items that wait for a person."""
    return and_(InboundMessage.failure.is_not(None), InboundMessage.aside_at.is_(None))


def is_aside() -> ColumnElement[bool]:
    """The items that somebody put aside."""
    return and_(InboundMessage.failure.is_not(None), InboundMessage.aside_at.is_not(None))


def was_one() -> ColumnElement[bool]:
    """Dead letters, and those that were until somebody tried them again."""
    return or_(InboundMessage.failure.is_not(None), InboundMessage.tried_at.is_not(None))


def bury(item: Item, message: InboundMessage, why: str) -> None:
    """Note that `item` could not be applied, and hold marketing to whoever may have said stop in it.

    Raises only when the database is out of reach.
    """
    message.failure = why
    message.around = canonical(_surroundings(item))
    if not any(person.known for person in _people_in(item)):
        return
    if not _held(item, message, _customers) and not _held(item, message, _known_customers):
        log.error("nobody was put on hold for item %s", message.id)


def put_aside(message: InboundMessage, note: str, *, actor: str, now: datetime) -> None:
    """It leaves the list and stays on record, and the hold that it caused ends. Raises NotOpen."""
    claim(message)
    message.aside_at, message.aside_by, message.aside_note = now, actor, clean(note)
    release(message, stopped=False, actor=actor, now=now)


def claim(message: InboundMessage) -> None:
    """Of two people at once the second waits here, then raises NotOpen. The caller commits."""
    db.session.refresh(message, with_for_update=True)
    if message.failure is None or message.aside_at is not None:
        raise NotOpen


def release(message: InboundMessage, *, stopped: bool, actor: str, now: datetime) -> None:
    """End the holds that this item caused; `stopped` says whether it turned out to be a stop."""
    for hold in _open_holds(message):
        holds.end(db.session.get_one(Customer, hold.customer_id), hold, stopped=stopped, actor=actor, now=now)


def _held(item: Item, message: InboundMessage, find: Find) -> bool:
    """False when they cannot be put on hold so: what stood in the item's way may stand here, too."""
    try:
        with db.session.begin_nested():
            _hold(item, message, find)
    except Exception as problem:  # the neighbours of this item must be stored, whatever it provokes
        if faults.out_of_reach(problem):
            raise
        log.error("item %s holds nobody yet: %s", message.id, faults.place(problem))
        faults.let_go(problem)
        return False
    return True


def _hold(item: Item, message: InboundMessage, find: Find) -> None:
    for customer in find(item, message.received_at):
        message.customer_id = message.customer_id or customer.id
        proof = Proof("whatsapp", clean(_words(item)), message_id=message.key)
        stated_at = getattr(item, "occurred_at", None)
        holds.hold(customer, WHY, Signal(
            Source.SYSTEM, "system", message.received_at, stated_at=stated_at,
            message_id=_hold_id(message), proof=proof,
        ))  # fmt: skip


def _customers(item: Item, now: datetime) -> list[Customer]:
    """All who may be the person. Somebody new is put on record for words that were read, not for a guess."""
    if isinstance(item, Unread | payloads.NumberChange):
        return _known_customers(item, now)
    [speaker] = _people_in(item)
    return sender(speaker, now).alike


def _known_customers(item: Item, _now: datetime) -> list[Customer]:
    """As they are on record: nothing that came with the item is learned."""
    given: list[Address] = []
    for person in _people_in(item):
        with suppress(Malformed):
            given += addresses_of(person)
    return locking.locked_like(given)


def _people_in(item: Item) -> tuple[Person, ...]:
    """Who may have said something in this item, or has to bring a stop along by it."""
    if isinstance(item, Unread):
        return (_named_in(item),)
    if isinstance(item, payloads.NumberChange):
        return item.old, item.new
    stopped = isinstance(item, payloads.Status) and item.error_code == USER_STOPPED_MARKETING
    return (item.person,) if isinstance(item, SPOKEN) or stopped else ()


def _named_in(item: Unread) -> Person:
    if item.field not in SPEAKING_FIELDS or item.raw.get("type") == "system":
        return Person()
    raw, before = item.raw, "" if item.field == "user_preferences" else "from_"
    number = raw.get("wa_id") if item.field == "user_preferences" else raw.get("from")
    person = Person(
        wa_id=identifier(number),
        user_id=identifier(raw.get(f"{before}user_id")),
        parent_user_id=identifier(raw.get(f"{before}parent_user_id")),
    )
    return person if _can_be_kept(person) else Person()


def _can_be_kept(person: Person) -> bool:
    try:
        return bool(addresses_of(person))
    except Malformed:
        return False


def _words(item: Item) -> str:
    """What stands in the review, so that a person can decide at once."""
    match item:
        case payloads.Words() | payloads.Passive():
            return item.text or NO_WORDS
        case payloads.Button():
            return item.label or item.machine_id or NO_WORDS
        case payloads.Reaction():
            return item.emoji or NO_WORDS
        case payloads.Preference():
            return f"WhatsApp's setting for offers: {item.value}"
        case payloads.Status():
            return f"WhatsApp reports {item.error_code}"
    return NO_WORDS


def _surroundings(item: Item) -> dict[str, Any]:
    """What stood around the piece in its delivery and is needed to read it again."""
    kept: dict[str, Any] = {"account_id": item.account_id}
    if isinstance(item, Unread):
        return kept | (item.around or {})
    if isinstance(item, payloads.Notice):
        kept["time"] = int(item.occurred_at.timestamp())
    person = getattr(item, "person", None)
    return kept | ({"contacts": [_contact(person)]} if person and person.known else {})


def _contact(person: Person) -> dict[str, Any]:
    ids = {"wa_id": person.wa_id, "user_id": person.user_id, "parent_user_id": person.parent_user_id}
    profile = {"name": person.name, "username": person.username}
    return {**_given(ids), "profile": _given(profile)}


def _given(values: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}


def around(message: InboundMessage) -> dict[str, Any]:
    """The surroundings of a dead letter; {} for one that came before they were kept."""
    return json.loads(message.around) if message.around else {}


def _hold_id(message: InboundMessage) -> str:
    """Not the item's own key: when it is applied, its words may want a hold of their own."""
    return f"dead:{message.key}"


def _open_holds(message: InboundMessage) -> list[Hold]:
    """Also those that were handed over to whoever a customer was merged into."""
    found: list[Hold] = []
    known_as = [_hold_id(message)]
    while known_as:
        query = (
            select(Hold)
            .join(ConsentEvent, ConsentEvent.id == Hold.event_id)
            .where(ConsentEvent.kind == Kind.HOLD)
            .where(ConsentEvent.external_id.in_(map(ledger.external_id, known_as)))
        )
        caused = db.session.scalars(query).all()
        found += [hold for hold in caused if hold.decided_at is None]
        known_as = [holds.handed_over_as(hold) for hold in caused if hold.decision == HANDED_OVER]
    return sorted(found, key=lambda hold: hold.customer_id)
