"""The people of a run of messages, found, locked and put on record in a few statements for all of them.

Only those are gathered who are one customer, or nobody yet. Whoever may be several customers is left to
`senders`, which takes one message at a time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import selectinload

from webapp import database
from webapp.customers import identities, newcomers
from webapp.customers.addresses import Address
from webapp.customers.erasure import suppressions
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db
from webapp.whatsapp.inbound.senders import SOURCE, Sender, addresses_of, another_user_id
from webapp.whatsapp.webhook.payloads import Person
from webapp.whatsapp.webhook.reading import Malformed

MOST_IN_A_QUESTION = 500
MOST_WITHOUT_NUMBERS = 3
"""Fewer rows are written one by one sooner than numbers are drawn for them."""
Key = tuple[str, str]
"""What two addresses of one person share: all variants of a number are one."""


class NotTogether(Exception):
    """One of them may be several customers, somebody else than the customer, or nobody who can be kept."""


@dataclass
class Crowd:
    """Who the people are (see `senders.gathered`), and all their customers."""

    people: dict[Person, Sender | None] = field(default_factory=dict)
    customers: list[Customer] = field(default_factory=list)


@dataclass
class _Somebody:
    """All in the run who share an address, so that they are one person."""

    persons: list[Person] = field(default_factory=list)
    addresses: dict[tuple[str, str], Address] = field(default_factory=dict)
    owners: set[int] = field(default_factory=set)
    speaks: bool = False

    @property
    def keys(self) -> set[Key]:
        return {_key(place.kind, place.value, place.match_key) for place in self.addresses.values()}


def gather(persons: Iterable[tuple[Person, bool]], now: datetime) -> Crowd:
    """Find and lock the customers of these people; whoever is nobody yet becomes one if they `speak`.

    The caller has a savepoint: two deliveries may create one person at once. Raises NotTogether.
    """
    somebodies = _parted(persons)
    if _bring_numbers(somebodies, known=_find_owners(somebodies)) and newcomers.write_in():
        _find_owners(somebodies)
    if any(map(_may_be_several, somebodies)):
        raise NotTogether
    customers = _locked({id for each in somebodies for id in each.owners})
    if any(map(_is_gone, customers.values())) or _share_with_others(customers.values()):
        raise NotTogether
    if _anybody_erased(somebodies, customers):
        raise NotTogether
    crowd = Crowd()
    for each in somebodies:
        customer = _customer(each, customers, now)
        crowd.customers += [customer] if customer else []
        for person in each.persons:
            crowd.people[person] = customer and Sender(customer, [customer], addresses_of(person))
    _write(crowd.customers)
    return crowd


def _is_gone(customer: Customer) -> bool:
    """Merged or erased while we waited for the lock."""
    return customer.merged_into_id is not None or customer.erased_at is not None


def _anybody_erased(somebodies: list[_Somebody], customers: dict[int, Customer]) -> bool:
    """Whether an address that would come on record is that of somebody who was erased."""
    new = [place for each in somebodies for place in _new_places(each, customers)]
    return bool(new and suppressions.standing_if_told(new))


def _new_places(one: _Somebody, customers: dict[int, Customer]) -> list[Address]:
    if not one.owners:
        return list(one.addresses.values()) if one.speaks else []
    customer = customers[next(iter(one.owners))]
    known = {(identity.kind, identity.value) for identity in customer.identities}
    return [place for key, place in one.addresses.items() if key not in known]


def _write(customers: list[Customer]) -> None:
    """Several rows bring their numbers, so that they are written in one statement."""
    new = [customer for customer in customers if customer.id is None]
    added = [identity for customer in customers for identity in customer.identities if identity.id is None]
    for rows, id in ((new, Customer.id), (added, Identity.id)):
        if len(rows) > MOST_WITHOUT_NUMBERS:
            with db.session.no_autoflush:
                drawn = database.numbers(db.session, id, len(rows))
            for row, number in zip(rows, drawn, strict=True):
                row.id = number
    db.session.add_all(new)
    db.session.flush()


def _parted(persons: Iterable[tuple[Person, bool]]) -> list[_Somebody]:
    """Those who share an address become one. Raises NotTogether for somebody without any that can be kept."""
    by_key: dict[Key, _Somebody] = {}
    seen: dict[Person, bool] = {}
    for person, speaks in persons:
        seen[person] = seen.get(person, False) or speaks
    for person, speaks in seen.items():
        given = _given(person)
        keys = [_key(place.kind, place.value, place.match_key) for place in given]
        one = _united({id(by_key[key]): by_key[key] for key in keys if key in by_key}.values())
        one.persons.append(person)
        one.speaks |= speaks
        one.addresses |= {(place.kind, place.value): place for place in given}
        for place in one.addresses.values():
            by_key[_key(place.kind, place.value, place.match_key)] = one
    return list({id(one): one for one in by_key.values()}.values())


def _may_be_several(one: _Somebody) -> bool:
    """Their addresses are of two customers, or one number came with two user ids."""
    user_ids = [value for kind, value in one.addresses if kind == IdentityKind.USER_ID]
    return len(one.owners) > 1 or len(user_ids) > 1


def _given(person: Person) -> list[Address]:
    try:
        return addresses_of(person)
    except Malformed as problem:
        raise NotTogether from problem


def _united(parts: Iterable[_Somebody]) -> _Somebody:
    whole = _Somebody()
    for part in parts:
        whole.persons += part.persons
        whole.addresses |= part.addresses
        whole.speaks |= part.speaks
    return whole


def _key(kind: str, value: str, match_key: str) -> Key:
    return ("number", match_key) if kind in NUMBER_KINDS else (kind, value)


def _bring_numbers(somebodies: list[_Somebody], known: set[Key]) -> bool:
    """Whether one of them who speaks has a number that nobody has."""
    numbers = (key for each in somebodies if each.speaks for key in each.keys if key[0] == "number")
    return any(key not in known for key in numbers)


def _find_owners(somebodies: list[_Somebody]) -> set[Key]:
    """Note whose addresses these are; the keys that somebody has."""
    by_key = {key: one for one in somebodies for key in one.keys}
    known: set[Key] = set()
    for identity in _identities_with(by_key):
        key = _key(identity.kind, identity.value, identity.match_key)
        if one := by_key.get(key):
            one.owners.add(identity.customer_id)
            known.add(key)
    return known


def _locked(ids: set[int]) -> dict[int, Customer]:
    """In the order of their ids, as everywhere, so that two deliveries do not wait for each other."""
    found: dict[int, Customer] = {}
    for some in _portions(sorted(ids)):
        query = select(Customer).where(Customer.id.in_(some)).order_by(Customer.id)
        query = query.options(selectinload(Customer.identities)).with_for_update(key_share=True)
        for customer in db.session.scalars(query.execution_options(populate_existing=True)):
            found[customer.id] = customer
    return found


def _share_with_others(customers: Iterable[Customer]) -> bool:
    """Whether another customer may have an address of theirs, too."""
    theirs = {
        _key(identity.kind, identity.value, identity.match_key): customer.id
        for customer in customers
        for identity in customer.identities
    }
    for identity in _identities_with(key for key in theirs if key[0] == "number"):
        key = _key(identity.kind, identity.value, identity.match_key)
        if theirs.get(key, identity.customer_id) != identity.customer_id:
            return True
    return False


def _customer(one: _Somebody, customers: dict[int, Customer], now: datetime) -> Customer | None:
    if one.owners:
        customer = customers[next(iter(one.owners))]
        if another_user_id(customer, one.addresses.values()):
            raise NotTogether
        if new := _new_places(one, customers):
            identities.give(customer, new, SOURCE, now)
        return customer
    if not one.speaks:
        return None
    name = next((person.name for person in one.persons if person.name), "")
    return identities.composed(one.addresses.values(), name=name, source=SOURCE, now=now)


def _identities_with(keys: Iterable[Key]) -> Iterator[Identity]:
    for some in _portions(list(keys)):
        yield from db.session.execute(_having(some))


def _having(keys: list[Key]) -> Select[tuple[str, str, str, int]]:
    """Not asked by kind: SQLite would read all identities of a kind. Who asks looks at the key anyway."""
    columns = Identity.kind, Identity.value, Identity.match_key, Identity.customer_id
    return select(*columns).where(Identity.match_key.in_({value for _, value in keys}))


def _portions(values: list) -> Iterator[list]:
    return (values[start : start + MOST_IN_A_QUESTION] for start in range(0, len(values), MOST_IN_A_QUESTION))
