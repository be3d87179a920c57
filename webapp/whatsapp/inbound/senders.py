"""Who wrote: the customer behind the identities that WhatsApp shows, and all who may be the same person."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from types import MappingProxyType

from webapp.consent.ledger import Proof, Signal
from webapp.consent.rules import Source
from webapp.customers import duplicates, identities, locking, merging, newcomers, sharing
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.erasure import suppressions
from webapp.customers.identities import IdentityTaken
from webapp.customers.models import Customer, IdentityKind
from webapp.whatsapp.webhook.payloads import Person
from webapp.whatsapp.webhook.reading import Malformed

SOURCE = "whatsapp"
"""Where a customer or an address was learned."""
MET = "WhatsApp showed the number of one and the user ID of the other in one message."


@dataclass(frozen=True)
class Sender:
    """The customer who wrote. `alike` are all who may be the same person, this one among them, by id."""

    customer: Customer
    alike: list[Customer]
    addresses: list[Address]
    perhaps_not: tuple[Customer, ...] = ()
    """Whose the number is, while the user id is another one, and nobody said that it changed: numbers go to
    other people after a while."""

    def identity_id(self, customer: Customer) -> int | None:
        """The identity of `customer` under which these words came; None when another customer has it."""
        used = {(place.kind, place.value) for place in self.addresses}
        return next((i.id for i in customer.identities if (i.kind, i.value) in used), None)


NOBODY: Mapping[Person, Sender | None] = MappingProxyType({})
_gathered: ContextVar[Mapping[Person, Sender | None]] = ContextVar("gathered_people", default=NOBODY)


def sender(person: Person, now: datetime) -> Sender:
    """The customer who this person is, created if nobody is; what is new about the person is learned.

    All who may be the person are locked, in the order of their ids. Raises Malformed (see `addresses_of`).
    """
    who = _gathered.get().get(person) or _looked_up(person, now)
    _name(who.customer, person.name or "")
    for customer in who.alike:
        if customer.unreachable_at:  # whoever writes to us can be reached
            customer.unreachable_at, customer.version = None, customer.version + 1
    return who


def known(person: Person) -> Customer | None:
    """The customer who this person is; nobody is created."""
    if person in _gathered.get():
        who = _gathered.get()[person]
        return who and who.customer
    return next(iter(identities.find_by_addresses(addresses_of(person))), None)


@contextmanager
def gathered(people: Mapping[Person, Sender | None]) -> Iterator[None]:
    """Inside, these people are not looked up again: they are known, locked, and all about them is learned.
    None stands for somebody who is no customer."""
    mark = _gathered.set(people)
    try:
        yield
    finally:
        _gathered.reset(mark)


def _looked_up(person: Person, now: datetime) -> Sender:
    given, met = addresses_of(person), False
    newcomers.write_in()
    owners = identities.find_by_addresses(given)
    if not owners:
        fresh = identities.create_with(given, source=SOURCE, now=now)
        suppressions.receive(fresh, given, now)
    elif len(owners) > 1:
        met = _meet(owners, given, now)
    alike = locking.locked_like(given)
    if not alike:  # erased, or removed, in this moment
        return _looked_up(person, now)
    best = identities.find_by_addresses(given)[0]
    doubtful = _perhaps_not(best, owners, given, met)
    learn(best, given, now)
    if met:
        sharing.share_stops(alike, Signal(Source.SYSTEM, "system", now, proof=Proof("whatsapp", MET)))
    return Sender(best, alike, given, doubtful)


def _perhaps_not(
    best: Customer, owners: list[Customer], given: list[Address], met: bool
) -> tuple[Customer, ...]:
    """The customers of the number, where somebody has to say whether it is them; once for two who met."""
    if len(owners) > 1:
        numbers = [place for place in given if place.kind == IdentityKind.WA_ID]
        return tuple(identities.find_by_addresses(numbers)) if met else ()
    return (best,) if another_user_id(best, given) else ()


def another_user_id(customer: Customer, given: Iterable[Address]) -> bool:
    """Whether there is a user id among these addresses, and the customer has only others."""
    shown = {place.value for place in given if place.kind == IdentityKind.USER_ID}
    known = {i.value for i in customer.identities if i.kind == IdentityKind.USER_ID}
    return bool(shown and known) and not shown & known


def _meet(owners: list[Customer], given: list[Address], now: datetime) -> bool:
    """A number and a user id in one webhook are one person, so their two customers become one.

    Unless the customer of the number has another user id, or the other one another number: a number that
    went to a stranger looks just so, and merging would give the stranger an opt-in. People decide then; True
    when they have not been asked before.
    """
    numbers = [place for place in given if place.kind == IdentityKind.WA_ID]
    user_ids = [place for place in given if place.kind == IdentityKind.USER_ID]
    by_number, by_user_id = identities.find_by_addresses(numbers), identities.find_by_addresses(user_ids)
    if by_user_id and len(by_number) == 1 and _is_one(by_number[0], by_user_id[0]):
        merging.merge(by_number[0], by_user_id[0], actor="system", now=now, why=MET)
        return False
    # The same number in two writings: these are found as possible duplicates by themselves.
    pairs = [pair for pair in combinations(owners, 2) if not set(pair) <= set(by_number)]
    news = [duplicates.note(*pair, MET, now) for pair in pairs]
    return any(news)


def _is_one(of_number: Customer, of_user_id: Customer) -> bool:
    """Whether what each of them lacks is what the other one has."""
    has_user_id = _has(of_number, IdentityKind.USER_ID)
    return not has_user_id and not _has(of_user_id, IdentityKind.PHONE, IdentityKind.WA_ID)


def _has(customer: Customer, *kinds: IdentityKind) -> bool:
    return any(identity.kind in kinds for identity in customer.identities)


def addresses_of(person: Person) -> list[Address]:
    """The identities that can be kept; others are left out. Raises Malformed when none can."""
    given = {
        IdentityKind.WA_ID: person.wa_id,
        IdentityKind.USER_ID: person.user_id,
        IdentityKind.PARENT_USER_ID: person.parent_user_id,
    }
    usable: list[Address] = []
    for kind, value in given.items():
        with suppress(MalformedId):
            usable += [address(kind, value)] if value else []
    if not usable:
        raise Malformed("somebody without any id that can be kept")
    return usable


def learn(customer: Customer, given: Iterable[Address], now: datetime) -> None:
    """Note the addresses that belong to nobody else: uniqueness of persons is not given up for a message."""
    known = {(identity.kind, identity.value) for identity in customer.identities}
    learned: list[Address] = []
    for place in given:
        if (place.kind, place.value) not in known:
            with suppress(IdentityTaken):
                identities.attach(customer, place.kind, place.value, SOURCE, now)
                learned.append(place)
    if learned:
        suppressions.receive(customer, learned, now)


def _name(customer: Customer, name: str) -> None:
    """A name is filled and never replaced: people of the desk may have written a better one."""
    if not customer.name and identities.shown_name(name):
        identities.rename(customer, name)
