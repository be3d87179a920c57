"""Who may be meant by many addresses at once, and what the gate has to know of them.

The same persons as `identities.customers_like`, read with a few statements however many are asked for.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select

from webapp.consent.gate import Facts
from webapp.customers.addresses import Address
from webapp.customers.models import Customer, Identity
from webapp.customers.search import NUMBER_KINDS, is_number
from webapp.extensions import db

CHUNK = 2000
"""Keys that one statement looks for; SQLite takes 32,766 parameters, PostgreSQL 65,535."""
NUMBER = "number"

Key = tuple[str, str]
"""What two addresses of one person share: a number's match key, or the kind and value of an id."""


@dataclass(frozen=True)
class Person:
    """One customer as the gate sees them."""

    id: int
    facts: Facts
    status_event_id: int | None


class People:
    """The customers that were found, by the addresses that lead to them."""

    def __init__(self) -> None:
        self._persons: dict[int, Person] = {}
        self._holders: dict[Key, set[int]] = defaultdict(set)
        self._numbers: dict[int, set[Key]] = defaultdict(set)

    @classmethod
    def having(cls, addresses: Iterable[Address]) -> "People":
        """All that have one of the addresses, or a variant, or share another number with one who has."""
        people = cls()
        fresh = {key_of(address.kind, address.value, address.match_key) for address in addresses}
        known: set[Key] = set()
        while fresh:
            known |= fresh
            fresh = people._read(fresh) - known
        return people

    def alike(self, addresses: Iterable[Address]) -> list[Person]:
        """All who may be the person with these addresses."""
        keys = {key_of(address.kind, address.value, address.match_key) for address in addresses}
        found: set[int] = set()
        while fresh := set().union(*(self._holders.get(key, ()) for key in keys)) - found:
            found |= fresh
            keys = set().union(*(self._numbers[id] for id in fresh))
        return [self._persons[id] for id in sorted(found)]

    def _read(self, keys: set[Key]) -> set[Key]:
        """Take in the holders of these keys; the keys of all their numbers."""
        numbers: set[Key] = set()
        for statement in _statements(keys):
            for row in db.session.execute(statement):
                numbers |= self._take_in(row)
        return numbers

    def _take_in(self, row: Any) -> set[Key]:
        """An id has one holder at most, so that only numbers lead on to others."""
        key = key_of(row.kind, row.value, row.match_key)
        self._persons[row.id] = _person(row)
        self._holders[key].add(row.id)
        if key[0] != NUMBER:
            return set()
        self._numbers[row.id].add(key)
        return {key}


def key_of(kind: str, value: str, match_key: str) -> Key:
    return (NUMBER, match_key) if kind in NUMBER_KINDS else (str(kind), value)


def _statements(keys: set[Key]) -> Iterator[Select[Any]]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in sorted(keys):
        by_kind[kind].append(value)
    for kind, values in by_kind.items():
        for start in range(0, len(values), CHUNK):
            yield _identities_of_holders(_has_one_of(kind, values[start : start + CHUNK]))


def _has_one_of(kind: str, values: list[str]) -> ColumnElement[bool]:
    if kind == NUMBER:
        return and_(Identity.match_key.in_(values), is_number(Identity))
    return and_(Identity.kind == kind, Identity.value.in_(values))


def _identities_of_holders(test: ColumnElement[bool]) -> Select[Any]:
    return select(
        Customer.id, Customer.status, Customer.status_at, Customer.status_event_id, Customer.platform_stop_at,
        Customer.held_at, Customer.disputed_at, Customer.unreachable_at, Customer.erased_at, Identity.kind,
        Identity.value,
        Identity.match_key,
    ).join(Identity, Identity.customer_id == Customer.id).where(
        Customer.id.in_(select(Identity.customer_id).where(test))
    )  # fmt: skip


def _person(row: Any) -> Person:
    facts = Facts(
        status=row.status,
        status_at=row.status_at,
        erased=row.erased_at is not None,
        platform_stop=row.platform_stop_at is not None,
        on_hold=row.held_at is not None or row.disputed_at is not None,
        unreachable=row.unreachable_at is not None,
    )
    return Person(row.id, facts, row.status_event_id)
