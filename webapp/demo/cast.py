"""Invented people as customers, with tags and attributes, many in a few statements.

The verbs for one customer take a dozen statements each, which is minutes for a hundred thousand. What is
written here has to equal what they would write; a test compares.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert

from webapp.customers import identities, search
from webapp.customers.addresses import addresses
from webapp.customers.attributes import attributes
from webapp.customers.attributes.values import stored
from webapp.customers.models import Customer, CustomerAttribute, CustomerTag, Identity
from webapp.customers.tags import tags
from webapp.demo import people, traits
from webapp.demo.people import Person
from webapp.extensions import db

SOURCE = "import"


@dataclass(frozen=True)
class Member:
    """Everything about invented person `n` but what they said."""

    n: int
    person: Person
    created_at: datetime
    tags: list[str]
    attributes: dict[str, Any]

    @classmethod
    def of(cls, n: int, created_at: datetime, now: datetime) -> "Member":
        person = people.person(n)
        return cls(n, person, created_at, traits.tags(n), traits.attributes(n, person, created_at, now))


@dataclass(frozen=True)
class Cast:
    """Ids of the tags, and ids and types of the attributes, by name and in the order of display."""

    tags: Mapping[str, int]
    keys: Mapping[str, tuple[int, str]]

    @classmethod
    def prepared(cls) -> "Cast":
        """Defines what is not there yet."""
        defined = [tags.define(name) for name in traits.TAGS]
        keys = [attributes.define(name, type) for name, type in traits.ATTRIBUTES.items()]
        return cls(
            {tag.name: tag.id for tag in sorted(defined, key=lambda tag: tag.key)},
            {key.name: (key.id, key.type) for key in sorted(keys, key=lambda key: key.key)},
        )

    def enter(self, members: Sequence[Member]) -> list[Customer]:
        """The customers that these people become, in the same order. The caller commits."""
        customers = [self._customer(member) for member in members]
        db.session.add_all(customers)
        db.session.flush()
        pairs = list(zip(members, customers, strict=True))
        self._give_tags(pairs)
        self._give_attributes(pairs)
        return customers

    def _customer(self, member: Member) -> Customer:
        customer = Customer(name=identities.shown_name(member.person.name), demo=True)
        customer.created_at = member.created_at
        customer.identities = [
            Identity(kind=place.kind, value=place.value, match_key=place.match_key, source=SOURCE,
                     created_at=member.created_at)
            for place in addresses(phone=member.person.phone)
        ]  # fmt: skip
        customer.tags_json = [name for name in self.tags if name in member.tags]
        customer.attrs_json = {
            name: member.attributes[name] for name in self.keys if name in member.attributes
        }
        customer.phone_display = identities.display_phone(customer)
        search.refresh(customer)
        return customer

    def _give_tags(self, pairs: list[tuple[Member, Customer]]) -> None:
        rows = [
            {"tag_id": self.tags[name], "customer_id": customer.id}
            for member, customer in pairs
            for name in member.tags
        ]
        _insert(CustomerTag, rows)
        tags.count(Counter(row["tag_id"] for row in rows))

    def _give_attributes(self, pairs: list[tuple[Member, Customer]]) -> None:
        rows = [
            {"customer_id": customer.id, "key_id": key_id, **stored(type, member.attributes[name])}
            for member, customer in pairs
            for name, (key_id, type) in self.keys.items()
            if name in member.attributes
        ]
        _insert(CustomerAttribute, rows)


def _insert(model: type[Any], rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(insert(model), rows)
