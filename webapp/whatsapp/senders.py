"""Who wrote: the customer behind the identities that WhatsApp shows, and all who may be the same person."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from webapp.consent import ledger
from webapp.customers import identities
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.identities import IdentityTaken
from webapp.customers.models import Customer, IdentityKind
from webapp.whatsapp.payloads import Person
from webapp.whatsapp.reading import Malformed

SOURCE = "whatsapp"
"""Where a customer or an address was learned."""


@dataclass(frozen=True)
class Sender:
    """The customer who wrote. `alike` are all who may be the same person, this one among them, by id."""

    customer: Customer
    alike: list[Customer]
    addresses: list[Address]

    def identity_id(self, customer: Customer) -> int | None:
        """The identity of `customer` under which these words came; None when another customer has it."""
        used = {(place.kind, place.value) for place in self.addresses}
        return next((i.id for i in customer.identities if (i.kind, i.value) in used), None)


def sender(person: Person, now: datetime) -> Sender:
    """The customer who this person is, created if nobody is; what is new about the person is learned.

    All who may be the person are locked, in the order of their ids. Raises Malformed (see `addresses_of`).
    """
    given = addresses_of(person)
    if not identities.find_by_addresses(given):
        identities.create_with(given, name=person.name or "", source=SOURCE, now=now)
    alike = identities.customers_like(given)
    for customer in alike:
        ledger.lock(customer)
    known = identities.find_by_addresses(given)[0]
    learn(known, given, now)
    _name(known, person.name or "")
    for customer in alike:
        if customer.unreachable_at:  # whoever writes to us can be reached
            customer.unreachable_at, customer.version = None, customer.version + 1
    return Sender(known, alike, given)


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
    for place in given:
        with suppress(IdentityTaken):
            identities.attach(customer, place.kind, place.value, SOURCE, now)


def _name(customer: Customer, name: str) -> None:
    """A name is filled and never replaced: people of the desk may have written a better one."""
    if not customer.name and identities.shown_name(name):
        identities.rename(customer, name)
