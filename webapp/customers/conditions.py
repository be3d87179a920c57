"""A filter as SQL conditions over customers; tags and attributes are looked up by their folded names."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    literal,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from webapp.customers import phones
from webapp.customers.filters import Filter
from webapp.customers.models import (
    AttributeKey,
    AttributeType,
    Customer,
    CustomerAttribute,
    CustomerTag,
    Identity,
    Tag,
)
from webapp.customers.search import fold, number_in
from webapp.customers.values import MalformedValue, parse_value
from webapp.database import compact_json
from webapp.extensions import db

ATTRIBUTES = CustomerAttribute.__table__
PRESENT = Customer.merged_into_id.is_(None), Customer.erased_at.is_(None)
"""Who was merged into another customer, or erased, is on no list."""


@dataclass(frozen=True)
class AttributeTest:
    """Customers whose value of one attribute is one of those wanted."""

    key_id: int
    type: str
    values: tuple[Any, ...]

    @property
    def single(self) -> bool:
        """One wanted value: then the index of values gives the customers in the order of their ids."""
        return len(self.values) == 1

    def on(self, attributes: FromClause) -> ColumnElement[bool]:
        """The test on rows of the table of values, or an alias of it."""
        column = _compared_column(self.type, attributes)
        value = column == self.values[0] if self.single else column.in_(self.values)
        return and_(attributes.c.key_id == self.key_id, value)

    @property
    def holds(self) -> ColumnElement[bool]:
        """The test on rows of customers."""
        attributes = ATTRIBUTES.alias()
        return exists().where(attributes.c.customer_id == Customer.id, self.on(attributes))


@dataclass(frozen=True)
class Conditions:
    """A filter after the look-ups. `nobody`: it names a tag, an attribute or a value that cannot be."""

    nobody: bool
    tag_ids: tuple[int, ...]
    """The rarest first."""
    attributes: tuple[AttributeTest, ...]
    search: tuple[ColumnElement[bool], ...]
    status: str

    def ids(self) -> tuple[Select[tuple[int]], InstrumentedAttribute[int]]:
        """The ids of the customers, and the column to order and page by.

        The rarest tag drives, else an attribute of one value, else the walk over customers. SQLite would
        otherwise build the whole set before it takes the first page of it.
        """
        tests = [*PRESENT, *self._row_tests()]
        if self.tag_ids:
            drive = CustomerTag.tag_id == self.tag_ids[0]
            tests += [drive, *map(_carries, self.tag_ids[1:]), *(test.holds for test in self.attributes)]
            return _joined(CustomerTag.customer_id).where(*tests), CustomerTag.customer_id
        if self.attributes and self.attributes[0].single:
            first, *others = self.attributes
            tests += [first.on(ATTRIBUTES), *(test.holds for test in others)]
            return _joined(CustomerAttribute.customer_id).where(*tests), CustomerAttribute.customer_id
        tests += [test.holds for test in self.attributes]
        return select(Customer.id).where(*tests), Customer.id

    def _row_tests(self) -> list[ColumnElement[bool]]:
        tests = [*self.search]
        if self.nobody:
            tests.append(false())
        if (
            self.status
        ):  # written out, for a partial index is used only when its condition stands in the statement
            tests.append(Customer.status == literal(self.status, literal_execute=True))
        return tests


def conditions_of(wanted: Filter) -> Conditions:
    """Look up what the filter names."""
    tag_ids = _tag_ids(wanted)
    attributes = _attribute_tests(wanted)
    return Conditions(
        nobody=tag_ids is None or attributes is None,
        tag_ids=tag_ids or (),
        attributes=attributes or (),
        search=_search_tests(wanted.q),
        status=wanted.status,
    )


def _joined(driver: InstrumentedAttribute[int]) -> Select[tuple[int]]:
    return select(Customer.id).join_from(driver.class_, Customer, Customer.id == driver)


def _carries(tag_id: int) -> ColumnElement[bool]:
    other = CustomerTag.__table__.alias()
    return exists().where(other.c.tag_id == tag_id, other.c.customer_id == Customer.id)


def _tag_ids(wanted: Filter) -> tuple[int, ...] | None:
    keys = set(map(fold, wanted.tags))
    if not keys:
        return ()
    found = tuple(db.session.scalars(select(Tag.id).where(Tag.key.in_(keys)).order_by(Tag.n, Tag.id)))
    return found if len(found) == len(keys) else None


def _attribute_tests(wanted: Filter) -> tuple[AttributeTest, ...] | None:
    values = defaultdict(list)
    for name, value in wanted.attrs:
        values[fold(name)].append(value)
    if not values:
        return ()
    keys = db.session.execute(
        select(AttributeKey.id, AttributeKey.key, AttributeKey.type).where(AttributeKey.key.in_(values))
    )
    tests = [_attribute_test(key.id, key.type, values[key.key]) for key in keys]
    return tuple(sorted(tests, key=lambda test: not test.single)) if len(tests) == len(values) else None


def _attribute_test(key_id: int, type: str, raw: list[str]) -> AttributeTest:
    values = (_comparable(type, text) for text in raw)
    return AttributeTest(key_id, type, tuple(value for value in values if value is not None))


def _compared_column(type: str, attributes: FromClause) -> ColumnElement[Any]:
    if type == AttributeType.JSON:
        return cast(attributes.c.val_json, Text)
    return attributes.c.val_num if type == AttributeType.NUMBER else attributes.c.val_text


def _comparable(type: str, raw: str) -> Any:
    """What the column holds for a value in a URL; None when it can be no value of this type."""
    try:
        value = parse_value(type, raw)
    except MalformedValue:
        return None
    is_text = isinstance(value, str) and type != AttributeType.JSON
    return value if is_text or type == AttributeType.NUMBER else compact_json(value)


def _search_tests(q: str) -> tuple[ColumnElement[bool], ...]:
    words = [Customer.search.contains(word, autoescape=True) for word in fold(q).split()]
    number = number_in(q)
    if not number:
        return tuple(words)
    if known := _with_number(number):
        return (Customer.id.in_(known),)
    return (or_(Customer.search.contains(number), and_(*words)),)


def _with_number(digits: str) -> list[int]:
    """The customers with exactly this number, or a variant of it: an index knows them, a search would not."""
    matching = Identity.match_key == phones.match_key(digits)
    return list(db.session.scalars(select(Identity.customer_id).where(matching).distinct()))
