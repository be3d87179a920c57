"""A filter as SQL conditions over customers; tags and attributes are looked up by their folded names.

One condition drives: its index gives the customers in the order of their ids, and each of them is tested for
the others. SQLite is told which, namely the one of which there are fewest; PostgreSQL chooses by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
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
    func,
    literal,
    or_,
    select,
    true,
)

from webapp.customers import phones, search_index
from webapp.customers.attributes.values import MalformedValue, parse_value
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
from webapp.customers.search import fold, number_in, parts, record_in
from webapp.database import compact_json, in_order, json_rows
from webapp.extensions import db

ATTRIBUTES = CustomerAttribute.__table__
PRESENT = Customer.merged_into_id.is_(None), Customer.erased_at.is_(None)
"""Who was merged into another customer, or erased, is on no list."""
MOST_LOOKED_AT = 20_000
"""A condition that more customers meet is common: how common does not matter."""
MOST_SORTED = 2_000
"""So many customers with one of several values may be sorted for a page."""


@dataclass(frozen=True)
class Driver:
    """Where the customers come from: the column that gives their ids in order, and what picks its rows."""

    source: FromClause
    key: ColumnElement[int]
    picks: tuple[ColumnElement[bool], ...] = ()

    @property
    def size(self) -> ColumnElement[int]:
        """How many rows it gives, counted up to `MOST_LOOKED_AT`."""
        some = select(self.key).select_from(self.source).where(*self.picks).limit(MOST_LOOKED_AT + 1)
        return select(func.count()).select_from(some.subquery()).scalar_subquery()


EVERYBODY = Driver(Customer.__table__, Customer.__table__.c.id)


@dataclass(frozen=True)
class TagTest:
    """Customers who carry the tag."""

    id: int
    n: int
    """How many do."""

    @property
    def holds(self) -> ColumnElement[bool]:
        other = CustomerTag.__table__.alias()
        return exists().where(other.c.tag_id == self.id, other.c.customer_id == Customer.id)

    def joined(self, source: FromClause, key: ColumnElement[int]) -> FromClause:
        """`source` without the rows whose customer, in the column `key`, lacks the tag."""
        other = CustomerTag.__table__.alias()
        return in_order(source, other, and_(other.c.tag_id == self.id, other.c.customer_id == key))

    @property
    def driver(self) -> Driver:
        table = CustomerTag.__table__
        return Driver(table, table.c.customer_id, (table.c.tag_id == self.id,))


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
        tests = [attributes.c.key_id == self.key_id, value]
        if self.type == AttributeType.JSON:  # their index holds these only
            tests.append(attributes.c.val_json.is_not(None))
        return and_(*tests)

    @property
    def holds(self) -> ColumnElement[bool]:
        """The test on rows of customers."""
        attributes = ATTRIBUTES.alias()
        return exists().where(attributes.c.customer_id == Customer.id, self.on(attributes))

    def joined(self, source: FromClause, key: ColumnElement[int]) -> FromClause:
        """`source` without the rows whose customer, in the column `key`, has no such value."""
        attributes = ATTRIBUTES.alias()
        return in_order(source, attributes, and_(attributes.c.customer_id == key, self.on(attributes)))

    @property
    def driver(self) -> Driver:
        return Driver(ATTRIBUTES, ATTRIBUTES.c.customer_id, (self.on(ATTRIBUTES),))


@dataclass(frozen=True)
class SearchTest:
    """Customers with this number, exactly if somebody has it, else in part; or whose name has these words;
    or the one without a name who is called so."""

    words: tuple[str, ...]
    number: str
    record: int | None = None
    """The id that the words mean when they are how somebody without a name is called."""
    exact: bool = False
    """Somebody has exactly this number, or a variant of it, or is called so."""
    whole_numbers: bool = False
    """Numbers are found exactly or not at all."""

    @property
    def holds(self) -> ColumnElement[bool]:
        if self.exact:  # an index knows them, a search would not
            if self.record is not None:
                return Customer.id == self.record
            key = Identity.match_key == phones.match_key(self.number)
            return Customer.id.in_(select(Identity.customer_id).where(key))
        words = and_(true(), *map(self._contains_word, self.words))
        in_part = self.number and not self.whole_numbers
        return or_(_contains(self.number), words) if in_part else words

    @property
    def known(self) -> ColumnElement[bool] | None:
        """Whether it is exact, where it can be."""
        if self.record is not None:
            return exists().where(Customer.id == self.record, Customer.name == "", *PRESENT)
        return exists().where(Identity.match_key == phones.match_key(self.number)) if self.number else None

    @property
    def driver(self) -> Driver | None:
        """None when no part is long enough to be looked up, or the number is known."""
        ways = [way for way in (self.words, (self.number,)) if any(way)]
        grams = [search_index.trigrams(way) for way in ways]
        if self.exact or not all(grams):
            return None
        index = search_index.INDEX
        return Driver(index, index.c.rowid, (search_index.holds_any(grams),))

    def _contains_word(self, word: str) -> ColumnElement[bool]:
        """The searched text holds numbers, too: where only whole ones count, digits must be in the name."""
        if self.whole_numbers and word.strip().isdecimal():
            return and_(_contains(word), Customer.name.contains(word.strip(), autoescape=True))
        return _contains(word)


@dataclass(frozen=True)
class Conditions:
    """A filter after the look-ups. `nobody`: it names a tag, an attribute or a value that cannot be."""

    nobody: bool
    tags: tuple[TagTest, ...] = ()
    """The rarest first."""
    attributes: tuple[AttributeTest, ...] = ()
    search: SearchTest | None = None
    status: str = ""
    sizes: dict[Any, int] = field(default_factory=dict)
    """How many customers meet a condition, where somebody looked (see `sized`)."""

    @property
    def row_tests(self) -> list[ColumnElement[bool]]:
        """The tests of all conditions on rows of customers, for one of them or a few."""
        return [*PRESENT, *self._row_tests(), *(test.holds for test in (*self.tags, *self.attributes))]

    def ids(self) -> tuple[Select[tuple[int]], ColumnElement[int]]:
        """The ids of the customers, and the column to order and page by."""
        leading = self._leading()
        driver = leading.driver if leading else EVERYBODY
        tests = [*PRESENT, *self._row_tests(), *driver.picks]
        others = [test for test in (*self.tags, *self.attributes) if test is not leading]
        if driver is EVERYBODY:
            return select(Customer.id).where(*tests, *(test.holds for test in others)), Customer.id
        source = driver.source
        for test in others:  # before the customers: their rows are long, and most may not be wanted
            source = test.joined(source, driver.key)
        source = in_order(source, Customer, Customer.id == driver.key)
        return select(Customer.id).select_from(source).where(*tests), driver.key

    def _leading(self) -> Any:
        """The condition that drives: of those with a size the smallest, if the walk over the customers of a
        status is not smaller. Without sizes the rarest tag, else one value, else the search."""
        if self.search and self.search.exact:
            return None
        ready = [test for test in self.drivers() if test.driver is not None]
        known = {test: self.sizes[test] for test in ready if test in self.sizes}
        if not known:
            return ready[0] if ready else None
        leading = min(known, key=known.__getitem__)
        smallest = min(known[leading], MOST_LOOKED_AT + 1)
        return None if self.sizes.get(self.status, smallest) < smallest else leading

    def drivers(self) -> Iterator[Any]:
        """The conditions whose index gives the customers in the order of their ids."""
        yield from self.tags
        for test in self.attributes:
            if test.single or 0 <= self.sizes.get(test, -1) <= MOST_SORTED:
                yield test
        if self.search and db.engine.dialect.name == "sqlite":
            yield self.search

    def unsized(self) -> dict[Any, ColumnElement[int]]:
        """The counts that decide which of several conditions drives; none when there is no choice.

        Of a tag the number is known. PostgreSQL has statistics.
        """
        tests = [*self.attributes, *([self.search] if self.search and self.search.driver else [])]
        several = len(tests) + len(self.tags) + bool(self.status) > 1
        if db.engine.dialect.name != "sqlite" or not several or (self.search and self.search.exact):
            return {}
        asked = {test: test.driver.size for test in tests}
        return asked | ({self.status: _of_status(self.status).size} if self.status else {})

    def sized(self, sizes: dict[Any, int]) -> "Conditions":
        return replace(self, sizes={**{test: test.n for test in self.tags}, **sizes})

    @property
    def number(self) -> int:
        """How many conditions there are."""
        return len(self.tags) + len(self.attributes) + bool(self.search) + bool(self.status) + self.nobody

    def _row_tests(self) -> list[ColumnElement[bool]]:
        tests = [self.search.holds] if self.search else []
        if self.nobody:
            tests.append(false())
        return [*tests, *_status_tests(self.status)]


@dataclass(frozen=True)
class Names:
    """The tags and attributes of the desk, by their folded names."""

    tags: dict[str, TagTest]
    keys: dict[str, tuple[int, str]]
    """Id and type."""

    @classmethod
    def of(cls, tags: Iterable[Any], keys: Iterable[Any]) -> "Names":
        """Of rows (folded name, id, n) and (folded name, id, type)."""
        return cls({key: TagTest(id, n) for key, id, n in tags}, {key: (id, type) for key, id, type in keys})


def conditions_of(wanted: Filter, names: Names | None = None, *, sizes: bool = True) -> Conditions:
    """Look up what the filter names, in two statements at most; `names` are known to who has read them, and
    on a desk of a few customers it does not matter which condition drives: there need be no `sizes`."""
    return _looked_at(_named(wanted, names), sizes=sizes)


def tests_of(wanted: Filter) -> list[ColumnElement[bool]]:
    """The filter as tests on rows of customers, for a few of them whom something else picks."""
    return _looked_at(_named(wanted, None), sizes=False).row_tests


def _named(wanted: Filter, names: Names | None) -> Conditions:
    if names is None:
        names = _names_in(wanted)
    tags = [names.tags.get(key) for key in dict.fromkeys(map(fold, wanted.tags))]
    attributes = _attribute_tests(wanted, names)
    return Conditions(
        nobody=None in tags or None in attributes or _says_nothing(wanted.q),
        tags=tuple(sorted(filter(None, tags), key=lambda tag: (tag.n, tag.id))),
        attributes=tuple(sorted(filter(None, attributes), key=lambda test: not test.single)),
        search=_search_test(wanted.q, whole_numbers=wanted.whole_numbers),
        status=wanted.status,
    )


def _looked_at(conditions: Conditions, sizes: bool) -> Conditions:
    """With the sizes of the conditions, and whether the search is exact: one statement, if any."""
    columns: dict[Any, ColumnElement[Any]] = {}
    known = conditions.search.known if conditions.search else None
    if known is not None:
        columns["exact"] = select(known).scalar_subquery()
    columns |= conditions.unsized() if sizes else {}
    if not columns:
        return conditions.sized({})
    row = db.session.execute(select(*columns.values())).one()
    found = dict(zip(columns, row, strict=True))
    if found.pop("exact", False) and conditions.search:
        return replace(conditions, search=replace(conditions.search, exact=True)).sized({})
    return conditions.sized(found)


def _names_in(wanted: Filter) -> Names:
    """Those that the filter names."""
    tags, attributes = set(map(fold, wanted.tags)), {fold(name) for name, _ in wanted.attrs}
    if not tags and not attributes:
        return Names({}, {})
    known_tags = select(Tag.key, Tag.id, Tag.n).where(Tag.key.in_(tags))
    known_keys = select(AttributeKey.key, AttributeKey.id, AttributeKey.type).where(
        AttributeKey.key.in_(attributes)
    )
    found = db.session.execute(select(json_rows(known_tags), json_rows(known_keys))).one()
    return Names.of(*found)


def _attribute_tests(wanted: Filter, names: Names) -> list[AttributeTest | None]:
    values = defaultdict(list)
    for name, value in wanted.attrs:
        values[fold(name)].append(value)
    return [_attribute_test(*names.keys[key], raw) if key in names.keys else None
            for key, raw in values.items()]  # fmt: skip


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


def _search_test(q: str, *, whole_numbers: bool = False) -> SearchTest | None:
    words, number = parts(q), number_in(q)
    if not words and not number:
        return None
    return SearchTest(words, number, record_in(q), whole_numbers=whole_numbers)


def _says_nothing(q: str) -> bool:
    """Signs that no name is searched by, such as an underscore alone."""
    return bool(q) and _search_test(q) is None


def _contains(part: str) -> ColumnElement[bool]:
    """The first word of a text has no space before it."""
    within = Customer.search.contains(part, autoescape=True)
    begins = part.startswith(" ")
    return or_(Customer.search.startswith(part[1:], autoescape=True), within) if begins else within


def _of_status(status: str) -> Driver:
    return Driver(Customer.__table__, Customer.__table__.c.id, (*PRESENT, *_status_tests(status)))


def _status_tests(status: str) -> list[ColumnElement[bool]]:
    """Written out, for a partial index is used only when its condition stands in the statement."""
    return [Customer.status == literal(status, literal_execute=True)] if status else []
