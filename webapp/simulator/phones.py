"""Whose phone it can be: a demo customer's, an unknown sender's, or that of somebody who hides the number."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from webapp.customers import identities
from webapp.customers.addresses import addresses
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db
from webapp.simulator.acts import Writer
from webapp.simulator.deliveries import user_id_of
from webapp.simulator.network import network
from webapp.whatsapp.invented import NUMBERS

OFFERED = 50
"""Demo customers in the choice, the newest."""
NAMES = (
    "Robin Sample", "Mei Beispiel", "Joe Exemplo", "Zoë Esempio", "Ali Örnek", "Kim Voorbeeld", "Lou Přiklad",
    "Pat Exemple", "Uma Udaharan", "Noor Mithal", "Iga Przykład", "Ola Eksempel",
)  # fmt: skip
UNKNOWN_SENDERS = dict(zip(NUMBERS[:40], cycle(NAMES), strict=False))
"""Names by number; each becomes a customer with the first message."""
NO_NUMBER = "no-number"
NEW = "new-"


@dataclass(frozen=True)
class Phone:
    """`key` names it in addresses and in the log, without a number of a customer.

    `numbers` are further addresses that reach it: as WhatsApp knows them, as somebody entered them, and
    those from before a move.
    """

    key: str
    label: str
    writer: Writer
    numbers: tuple[str, ...] = ()

    @property
    def reached_at(self) -> tuple[str, ...]:
        """Numbers and user id that messages to this phone may carry."""
        own = (self.writer.wa_id, self.writer.user_id)
        return tuple(dict.fromkeys(filter(None, (*own, *self.numbers))))

    @property
    def customer(self) -> Customer | None:
        """Who this is on the desk, once there was a message."""
        given = addresses(wa_id=self.writer.wa_id, user_id=self.writer.user_id)
        return next(iter(identities.find_by_addresses(given)), None)


def find(key: str) -> Phone | None:
    """The phone with this key; whoever moved writes from the new number since."""
    phone = _named(key)
    return phone and _moved(phone)


def _moved(phone: Phone) -> Phone:
    moves = network().moves.of(phone.key)
    if not moves:
        return phone
    wa_id, user_id = moves[-1]
    earlier = [phone.writer.wa_id, phone.writer.user_id, *(address for move in moves for address in move)]
    reached_at = tuple(dict.fromkeys([*phone.numbers, *filter(None, earlier)]))
    return replace(phone, writer=replace(phone.writer, wa_id=wa_id, user_id=user_id), numbers=reached_at)


def _named(key: str) -> Phone | None:
    if key == NO_NUMBER:
        return _without_number()
    if key.startswith(NEW):
        return _unknown_sender(key.removeprefix(NEW))
    if not (key.isascii() and key.isdigit() and len(key) <= 18):
        return None
    customer = db.session.get(Customer, int(key))
    return _phone_of(customer) if customer and customer.demo else None


def every(chosen: Phone) -> list[Phone]:
    """The choice, with the one that is chosen even if it would not be offered any more."""
    offered = [_moved(phone) for phone in _every()]
    return offered if any(phone.key == chosen.key for phone in offered) else [chosen, *offered]


def first() -> Phone:
    return _moved(next(_every()))


def _every() -> Iterator[Phone]:
    newest = select(Customer).where(Customer.demo).order_by(Customer.id.desc()).limit(OFFERED)
    known = db.session.scalars(newest.options(selectinload(Customer.identities)))
    yield from filter(None, map(_phone_of, known))
    if number := _next_number():
        yield Phone(NEW + number, "Unknown sender", _writer(number))
    yield _without_number()


def _phone_of(customer: Customer) -> Phone | None:
    """None for a customer who has no number."""
    in_use_last = sorted(customer.identities, key=lambda each: each.left_at is None)
    known = {identity.kind: identity.value for identity in in_use_last}
    wa_id = known.get(IdentityKind.WA_ID) or known.get(IdentityKind.PHONE)
    if not wa_id:
        return None
    user_id = known.get(IdentityKind.USER_ID) or user_id_of(wa_id)
    numbers = tuple(i.value for i in customer.identities if i.kind in NUMBER_KINDS)
    return Phone(str(customer.id), customer.label, Writer(customer.label, wa_id, user_id), numbers)


def _unknown_sender(number: str) -> Phone | None:
    if number not in UNKNOWN_SENDERS:
        return None
    return Phone(NEW + number, f"Unknown sender …{number[-4:]}", _writer(number))


def _writer(number: str) -> Writer:
    return Writer(UNKNOWN_SENDERS[number], number, user_id_of(number))


def _next_number() -> str | None:
    """The first of the unknown senders who has not written yet."""
    numbers = Identity.kind.in_(NUMBER_KINDS), Identity.value.in_(UNKNOWN_SENDERS)
    known = set(db.session.scalars(select(Identity.value).where(*numbers)))
    return next((number for number in UNKNOWN_SENDERS if number not in known), None)


def _without_number() -> Phone:
    writer = Writer("Sam Sin Número", None, user_id_of(NO_NUMBER), username="sam.sin.numero")
    return Phone(NO_NUMBER, "Customer without a number", writer)
