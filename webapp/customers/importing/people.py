"""The people whom a portion of rows may be about, read and locked at once and written at once.

Everybody who may be one of them is among them, so that what a row means is decided without asking again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from operator import attrgetter, itemgetter
from typing import Any

from sqlalchemy import Row, select

from webapp import many_rows
from webapp.consent.models import STATE_FIELDS
from webapp.consent.rules import Source, State, Status
from webapp.customers import phone_forms, search
from webapp.customers.addresses import Address
from webapp.customers.attributes.values import COLUMNS
from webapp.customers.batch_changes import BatchChange
from webapp.customers.identities import NUMBER_KINDS, shown_name
from webapp.customers.journal.writing import Learned, note_addresses
from webapp.customers.models import Customer, CustomerAttribute, CustomerTag, Identity, IdentityKind
from webapp.extensions import db

READ = ("id", "name", "tags_json", "attrs_json", "version", "events_count", *STATE_FIELDS)
UNKNOWN = State()
_consent = attrgetter(*STATE_FIELDS)
_forms = attrgetter("value", "match_key")


@dataclass(eq=False, slots=True)
class Person:
    """A customer as the import sees one."""

    id: int
    name: str
    addresses: dict[tuple[str, str], Address]
    """By kind and value, the oldest first."""
    numbers: dict[tuple[str, str], int]
    """The ids of the addresses."""
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    events_count: int = 0
    consent: State = UNKNOWN
    new: bool = False
    changed: bool = False
    change: dict[str, Any] = field(default_factory=dict)
    """What became different, as `BatchChange` keeps it."""
    left: dict[str, datetime] = field(default_factory=dict)
    """Since when the person has moved away from a number, by its key."""


@dataclass
class People:
    """Those on record and those who come, by what they are found by."""

    rows: int
    """How many there are in the portion."""
    by_id: dict[int, Person] = field(default_factory=dict)
    by_key: dict[tuple[str, str], dict[int, Person]] = field(default_factory=dict)
    fresh: Iterator[int] = field(init=False)
    """For new customers."""
    fresh_identities: Iterator[int] = field(init=False)
    added: list[tuple[int, Address, int]] = field(default_factory=list)
    """Addresses to write: whose, which, its number."""
    wearers: dict[int, list[int]] = field(default_factory=dict)
    """Customers to link, by tag."""
    values: dict[str, dict[tuple[int, int], Any]] = field(
        default_factory=lambda: {name: {} for name in COLUMNS}
    )
    """Values to write by their column, and by customer and attribute."""
    outdated: set[tuple[int, int]] = field(default_factory=set)
    """Values that stand in the database and are replaced."""

    def __post_init__(self) -> None:
        self.fresh = many_rows.numbers(Customer.id, self.rows)
        self.fresh_identities = many_rows.numbers(Identity.id, self.rows)

    def alike(self, given: list[Address]) -> list[Person]:
        """Who has one of these addresses or a variant of it; exact ones first, then the oldest."""
        found = self._having(given)
        if len(found) < 2:
            return list(found)
        exact = [(place.kind, place.value) for place in given]
        return sorted(found, key=lambda each: (
            not any(place in each.addresses for place in exact), each.id))  # fmt: skip

    def all_alike(self, given: Iterable[Address]) -> list[Person]:
        """Everybody who may be the person with these addresses, by any way from one to the next."""
        found = self._having(given)
        while True:
            more = self._having(place for each in found for place in each.addresses.values())
            if more <= found:
                return sorted(found, key=lambda each: each.id)
            found |= more

    def _having(self, given: Iterable[Address]) -> set[Person]:
        found: set[Person] = set()
        for place in given:
            if theirs := self.by_key.get(found_by(place)):
                found.update(theirs.values())
        return found

    def create(self, given: list[Address], name: str) -> Person:
        person = Person(next(self.fresh), shown_name(name), {}, {}, new=True, changed=True)
        self.by_id[person.id] = person
        for place in given:
            self.give(person, place)
        return person

    def give(self, person: Person, place: Address) -> None:
        """The person has this address, too."""
        number = next(self.fresh_identities)
        self.note(person, place, number)
        self.added.append((person.id, place, number))
        person.changed = True
        if not person.new:
            person.change.setdefault("identities", []).append(number)

    def note(self, person: Person, place: Address, number: int) -> None:
        person.addresses[place.kind, place.value] = place
        person.numbers[place.kind, place.value] = number
        self.by_key.setdefault(found_by(place), {})[person.id] = person

    def write(self, batch_id: int, now: Any) -> None:
        """Everything that changed, in as many statements for many as for few."""
        changed = [each for each in self.by_id.values() if each.changed]
        _write_customers([each for each in changed if each.new], now)
        _update_customers([each for each in changed if not each.new])
        self._write_addresses(now)
        links = [(tag_id, id) for tag_id in sorted(self.wearers) for id in sorted(self.wearers[tag_id])]
        many_rows.insert(CustomerTag.__table__, ("tag_id", "customer_id"), links)
        self._write_values()
        _write_changes(changed, batch_id)

    def _write_addresses(self, now: Any) -> None:
        rows = [
            (number, owner, place.kind, place.value, place.match_key, Source.IMPORT, now,
             self.by_id[owner].left.get(place.match_key))
            for owner, place, number in self.added
        ]  # fmt: skip
        columns = ("id", "customer_id", "kind", "value", "match_key", "source", "created_at", "left_at")
        many_rows.insert(Identity.__table__, columns, rows)
        note_addresses(
            Learned(owner, place.match_key, now, may_be_stopped=not self.by_id[owner].new)
            for owner, place, _ in self.added
        )

    def _write_values(self) -> None:
        """In the order of their index, which is larger than the memory for it: each page is touched once."""
        for column, values in self.values.items():
            columns = ("customer_id", "key_id", column)
            in_order = itemgetter(1, 0) if column == "val_json" else itemgetter(1, 2, 0)
            rows = [(customer_id, key_id, value) for (customer_id, key_id), value in values.items()]
            rows.sort(key=in_order)
            old = [row for row in rows if row[:2] in self.outdated] if self.outdated else []
            new = [row for row in rows if row[:2] not in self.outdated] if old else rows
            many_rows.insert(CustomerAttribute.__table__, columns, new)
            many_rows.update(CustomerAttribute.__table__, columns, old)


def found_by(place: Address) -> tuple[str, str]:
    """Numbers meet in their key, whether of a phone or of WhatsApp; ids are only the same when they are."""
    return ("number", place.match_key) if place.kind in NUMBER_KINDS else (place.kind, place.value)


def read(places: Iterable[Address], rows: int, lock: bool) -> People:
    """Everybody who may be one of the persons with these addresses; `lock` keeps others from changing them.

    Asks again after locking, until nobody is found besides: until then somebody may be merged or learn.
    """
    people = People(rows)
    keys = {place.match_key for place in places}
    while True:
        owners = select(Identity.customer_id).where(many_rows.among(Identity.match_key, sorted(keys)))
        new = sorted(set(db.session.scalars(owners)) - people.by_id.keys()) if keys else []
        if not new:
            break
        _read_people(people, new, lock)
        keys |= _read_addresses(people, new)
    return people


def _read_people(people: People, ids: list[int], lock: bool) -> None:
    query = select(*(getattr(Customer, name) for name in READ)).where(many_rows.among(Customer.id, ids))
    query = query.order_by(Customer.id)
    for row in db.session.execute(query.with_for_update(key_share=True) if lock else query):
        id, name, tags, attributes, version, events_count, status, *times = row
        consent = State(Status(status), *times)
        people.by_id[id] = Person(id, name, {}, {}, tags, attributes, version, events_count, consent)


def _read_addresses(people: People, ids: list[int]) -> set[str]:
    """Their match keys."""
    columns = (Identity.customer_id, Identity.id, Identity.kind, Identity.value, Identity.match_key,
               Identity.left_at)  # fmt: skip
    query = select(*columns).where(many_rows.among(Identity.customer_id, ids)).order_by(Identity.id)
    keys = set()
    for owner, number, kind, value, key, left_at in db.session.execute(query):
        person = people.by_id[owner]
        people.note(person, Address(IdentityKind(kind), value, key), number)
        if left_at and kind in NUMBER_KINDS:
            person.left[key] = left_at
        keys.add(key)
    return keys


def _shown(person: Person) -> tuple[str, str]:
    """What is copied from the name and the addresses: the searched text and the number shown."""
    numbers = [place for place in person.addresses.values() if place.kind in NUMBER_KINDS]
    forms = chain.from_iterable(map(_forms, numbers))
    return search.text_of(person.name, forms), _display(person, numbers)


def _display(person: Person, numbers: list[Address]) -> str:
    """By which of them people know the customer, one that was left only for want of another; empty when there
    is none."""
    if person.left:
        numbers = [place for place in numbers if place.match_key not in person.left] or numbers
    if not numbers:
        return ""
    first = next(filter(_is_phone, numbers), numbers[0])
    return first.display or phone_forms.display_phone(first.value)


def _is_phone(place: Address) -> bool:
    return place.kind == IdentityKind.PHONE


def _write_customers(people: list[Person], now: Any) -> None:
    columns = ("id", "created_at", "demo", "name", "search", "phone_display", "tags_json", "attrs_json",
               "version", "events_count", *STATE_FIELDS)  # fmt: skip
    rows = [(each.id, now, False, each.name, *_shown(each), *_state(each)) for each in people]
    many_rows.insert(Customer.__table__, columns, rows)


def _update_customers(people: list[Person]) -> None:
    """In two parts, for the search need not be told of what it does not find by."""
    seen = [each for each in people if "named" in each.change or "identities" in each.change]
    moved = ("id", "tags_json", "attrs_json", "version", "events_count", *STATE_FIELDS)
    many_rows.update(Customer.__table__, moved, [(each.id, *_state(each)) for each in people])
    shown = ("id", "name", "search", "phone_display")
    many_rows.update(Customer.__table__, shown, [(each.id, each.name, *_shown(each)) for each in seen])


def _state(person: Person) -> tuple[Any, ...]:
    version = person.version if not person.new else 1 + person.events_count  # see bulk/removing.py
    return (person.tags, person.attributes, version, person.events_count, *_consent(person.consent))


def _write_changes(people: list[Person], batch_id: int) -> None:
    """A batch may come to one customer in several portions: the first `before` stays."""
    known = _known_changes([each.id for each in people if not each.new], batch_id)
    columns = ("customer_id", "batch_id", "created", "change")
    new = [(each.id, batch_id, each.new, None if each.new else each.change) for each in people
           if each.id not in known and (each.new or each.change)]  # fmt: skip
    old = [(each.id, batch_id, False, _together(known[each.id].change or {}, each.change)) for each in people
           if each.id in known and not known[each.id].created]  # fmt: skip
    many_rows.insert(BatchChange.__table__, columns, new)
    many_rows.update(BatchChange.__table__, columns, old)


def _known_changes(ids: list[int], batch_id: int) -> dict[int, Row[Any]]:
    mine = BatchChange.batch_id == batch_id, many_rows.among(BatchChange.customer_id, ids)
    columns = BatchChange.customer_id, BatchChange.created, BatchChange.change
    return {row.customer_id: row for row in db.session.execute(select(*columns).where(*mine))} if ids else {}


def _together(first: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    both = first | then
    for name in ("added", "identities"):
        if name in first and name in then:
            both[name] = [*first[name], *(each for each in then[name] if each not in first[name])]
    if "attributes" in first and "attributes" in then:
        values = dict(then["attributes"])
        for key, (before, after) in first["attributes"].items():
            values[key] = [before, values[key][1] if key in values else after]
        both["attributes"] = values
    return both
