"""Whose address is this? Finding customers by any form of a number, creating them, learning addresses."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from webapp.customers import phones, search, whereabouts
from webapp.customers.addresses import Address, MalformedId, address, addresses, number_keys
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.phones import MalformedPhone
from webapp.customers.search import NUMBER_KINDS, is_number
from webapp.customers.text import one_line
from webapp.extensions import db

__all__ = ["IdentityTaken", "MalformedId", "MalformedPhone"]
LONGEST_NAME = 200


class IdentityTaken(Exception):
    """The address belongs to another customer, whose id is `customer_id`."""

    def __init__(self, customer_id: int) -> None:
        super().__init__("This number or id belongs to another customer.")
        self.customer_id = customer_id


def find(kind: IdentityKind | str, value: str) -> Customer | None:
    """The customer with exactly this address, as it is kept."""
    has_address = and_(Identity.kind == kind, Identity.value == value)
    return next(iter(_owners(has_address)), None)


def find_by_any_phone(raw: str, default_country: str | None = None) -> Customer | None:
    """The customer with this number in any writing or variant; of several the one who was there first."""
    return next(iter(all_by_any_phone(raw, default_country)), None)


def all_by_any_phone(raw: str, default_country: str | None = None) -> list[Customer]:
    """All customers with this number in any writing or variant, the oldest first."""
    return _owners(_has_key(number_keys(raw, default_country)))


def find_by_addresses(given: Iterable[Address]) -> list[Customer]:
    """The customers with one of these addresses or a variant of it; exact ones first, then the oldest."""
    given = list(given)
    exact = {(place.kind, place.value) for place in given}
    found = _owners(_has_any(given))
    return sorted(
        found, key=lambda customer: not any((i.kind, i.value) in exact for i in customer.identities)
    )


def customers_like(given: Iterable[Address]) -> list[Customer]:
    """All customers that may be the person with these addresses: a stop by one of them is a stop by all.

    Goes on from the addresses found until nothing is added: old and new numbers, variants, user ids.
    """
    known = set(given)
    while True:
        customers = _owners(_has_any(known))
        found = {
            Address(IdentityKind(identity.kind), identity.value, identity.match_key)
            for customer in customers
            for identity in customer.identities
        }
        if found <= known:
            return customers
        known |= found


def survivor(customer: Customer) -> Customer:
    """The customer into whom this one was merged, or the customer itself."""
    while customer.merged_into_id:
        customer = db.session.get_one(Customer, customer.merged_into_id)
    return customer


def alike(customer: Customer) -> list[Customer]:
    """This customer, or who it was merged into, and all that may be the same person."""
    customer = survivor(customer)
    given = [Address(IdentityKind(i.kind), i.value, i.match_key) for i in customer.identities]
    return customers_like(given) or [customer]


def all_alike(customer_ids: Iterable[int]) -> set[int]:
    """The ids of these customers and of all that may be one of these persons (see `customers_like`); one
    statement for each step from address to address, however many they are."""
    known: set[int] = set()
    new = set(customer_ids)
    theirs = aliased(Identity)
    numbers = and_(is_number(Identity), is_number(theirs))
    shared = theirs.match_key == Identity.match_key, or_(numbers, theirs.kind == Identity.kind)
    while new:
        known |= new
        owners = select(Identity.customer_id).join(theirs, and_(*shared)).where(theirs.customer_id.in_(new))
        new = set(db.session.scalars(owners.distinct())) - known
    return known


def survivors(customer_ids: Iterable[int]) -> set[int]:
    """The ids of these customers, or of those into whom they were merged; whoever was erased is left out."""
    found: set[int] = set()
    new = set(customer_ids)
    while new:
        rows = db.session.execute(
            select(Customer.id, Customer.merged_into_id, Customer.erased_at).where(Customer.id.in_(new))
        ).all()
        found |= {row.id for row in rows if row.merged_into_id is None and row.erased_at is None}
        new = {row.merged_into_id for row in rows if row.merged_into_id}
    return found


def known_keys(given: Iterable[Address]) -> set[str]:
    """Which match keys of these addresses somebody has: the others need not be looked for."""
    keys = {place.match_key for place in given}
    return set(db.session.scalars(select(Identity.match_key).where(Identity.match_key.in_(keys))))


def create(
    *,
    name: str = "",
    phone: str | None = None,
    wa_id: str | None = None,
    user_id: str | None = None,
    parent_user_id: str | None = None,
    default_country: str | None = None,
    source: str,
    now: datetime,
    demo: bool = False,
) -> Customer:
    """A new customer with these addresses; the existing one if somebody created them in this moment.

    Raises MalformedPhone or MalformedId, and ValueError when no address is given.
    """
    given = addresses(
        phone=phone, wa_id=wa_id, user_id=user_id, parent_user_id=parent_user_id,
        default_country=default_country,
    )  # fmt: skip
    return create_with(given, name=name, source=source, now=now, demo=demo)


def create_with(
    given: list[Address], *, name: str = "", source: str, now: datetime, demo: bool = False
) -> Customer:
    """`create` for addresses that were checked before."""
    if not given:
        raise ValueError("A customer needs a phone number or a WhatsApp id.")
    customer = composed(given, name=name, source=source, now=now, demo=demo)
    try:
        with db.session.begin_nested():
            db.session.add(customer)
    except IntegrityError:
        return find_by_addresses(given)[0]
    return customer


def composed(
    given: Iterable[Address], *, name: str, source: str, now: datetime, demo: bool = False
) -> Customer:
    """A customer with these addresses who is not yet on record."""
    customer = Customer(name=shown_name(name), created_at=now, demo=demo)
    give(customer, given, source, now)
    return customer


def give(customer: Customer, places: Iterable[Address], source: str, now: datetime) -> None:
    """The customer has these addresses, too, which belong to nobody; the caller flushes."""
    customer.identities.extend(_identity(place, source, now) for place in places)
    whereabouts.share(customer)
    refresh(customer)


def attach(customer: Customer, kind: IdentityKind | str, value: str, source: str, now: datetime) -> Identity:
    """Note that the customer has this address, too, as it is kept or in any writing; safe to repeat.

    Raises IdentityTaken when another customer has it, MalformedPhone or MalformedId.
    """
    kept = kind == IdentityKind.PHONE and value.isdigit()
    place = address(IdentityKind(kind), f"+{value}" if kept else value)
    return attach_address(customer, place, source, now)


def attach_address(customer: Customer, place: Address, source: str, now: datetime) -> Identity:
    """`attach` for an address that was checked before."""
    identity = _known(place) or _attached(customer, place, source, now)
    if identity.customer_id != customer.id:
        raise IdentityTaken(identity.customer_id)
    return identity


def rename(customer: Customer, name: str) -> None:
    """Give the customer this name, and let the search know."""
    customer.name = shown_name(name)
    refresh(customer)


def refresh(customer: Customer) -> None:
    """Write what is copied from the identities: the searched text and the number shown."""
    search.refresh(customer)
    customer.phone_display = display_phone(customer)


def shown_name(name: str) -> str:
    """A name on one line and of bounded length, as it is kept."""
    return one_line(name)[:LONGEST_NAME].strip()


def display_phone(customer: Customer) -> str:
    """The number by which people know the customer, in international writing; empty when none is known.

    One that the person left only when there is no other.
    """
    numbers = [each for each in customer.identities if each.kind in NUMBER_KINDS]
    numbers.sort(key=lambda each: (each.left_at is not None, each.kind != IdentityKind.PHONE))
    return phones.display_phone(numbers[0].value) if numbers else ""


def _owners(test: ColumnElement[bool]) -> list[Customer]:
    ids = select(Identity.customer_id).where(test)
    return list(db.session.scalars(select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)))


def _has_any(given: Iterable[Address]) -> ColumnElement[bool]:
    given = list(given)
    numbers = {place.match_key for place in given if place.kind in NUMBER_KINDS}
    exact = [place for place in given if place.kind not in NUMBER_KINDS]
    return or_(
        _has_key(numbers),
        *(and_(Identity.kind == place.kind, Identity.value == place.value) for place in exact),
    )


def _has_key(keys: set[str]) -> ColumnElement[bool]:
    return and_(Identity.match_key.in_(keys), is_number(Identity))


def _known(place: Address) -> Identity | None:
    return db.session.scalar(
        select(Identity).where(Identity.kind == place.kind, Identity.value == place.value)
    )


def _attached(customer: Customer, place: Address, source: str, now: datetime) -> Identity:
    identity = _identity(place, source, now)
    try:
        with db.session.begin_nested():
            customer.identities.append(identity)
            whereabouts.share(customer)
    except IntegrityError:  # somebody else noted it in this moment
        return db.session.scalars(
            select(Identity).where(Identity.kind == place.kind, Identity.value == place.value)
        ).one()
    refresh(customer)
    db.session.flush()
    return identity


def row_of(customer: Customer, kind: IdentityKind, value: str, source: str, now: datetime) -> dict[str, Any]:
    """The columns of an id that the customer has, too, to be written with many others."""
    return {
        "customer_id": customer.id, "kind": kind, "value": value, "match_key": value, "source": source,
        "created_at": now,
    }  # fmt: skip


def _identity(place: Address, source: str, now: datetime) -> Identity:
    return Identity(
        kind=place.kind, value=place.value, match_key=place.match_key, source=source, created_at=now
    )
