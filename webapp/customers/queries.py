"""The customers that a filter means: a page by key, counts up to a cap, and what the filter panel offers.

Nothing here counts rows to skip them: a page begins behind a row's id.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, case, exists, func, literal_column, or_, select

from webapp.consent.rules import Status
from webapp.customers.conditions import Conditions, conditions_of, tests_of
from webapp.customers.filters import OLDEST_FIRST, Filter, Page
from webapp.customers.models import AttributeKey, AttributeType, Customer, CustomerAttribute, Tag
from webapp.extensions import db

MOST_COUNTED = 10_000
MOST_SUGGESTED = 50


@dataclass(frozen=True)
class Count:
    """A number of customers; with `more`, there are more than that."""

    n: int
    more: bool = False

    @classmethod
    def up_to(cls, cap: int, found: int) -> "Count":
        return cls(min(found, cap), found > cap)

    @classmethod
    def sum(cls, counts: "list[Count]") -> "Count":
        """Exact if all are; else it says no more than that there are more than of the largest."""
        if any(count.more for count in counts):
            return cls(max(count.n for count in counts), more=True)
        return cls(sum(count.n for count in counts))

    def __str__(self) -> str:
        return f"{self.n:,}+" if self.more else f"{self.n:,}"

    def __format__(self, _spec: str) -> str:
        return str(self)


@dataclass(frozen=True)
class Slice:
    """What was found for one page, and the pages beside it (None where there are none)."""

    found: list[Any]
    """Records with an `id`, in the order of the table."""
    previous: Page | None
    next: Page | None

    @property
    def ids(self) -> list[int]:
        return [record.id for record in self.found]

    @property
    def whole(self) -> bool:
        """Whether these are all that match."""
        return self.previous is None and self.next is None


Read = Callable[[Select[tuple[int]]], list[Any]]
"""Reads the records of the customers whose ids a query gives."""


def matching(wanted: Filter) -> Select[tuple[int]]:
    """The ids of the customers that the filter means, in no order."""
    return conditions_of(wanted).ids()[0]


def matches(wanted: Filter, customer_id: int) -> bool:
    """Whether the filter means this customer, too."""
    found = select(Customer.id).where(Customer.id == customer_id, *tests_of(wanted))
    return db.session.scalar(found) is not None


def newer(wanted: Filter, than: int, most: int) -> ColumnElement[int]:
    """How many customers of the filter have a higher id than that one, counted up to `most` and one more."""
    some = select(Customer.id).where(Customer.id > than, *tests_of(wanted)).limit(most + 1)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def page_of(wanted: Filter, page: Page, conditions: Conditions | None = None) -> Select[tuple[int]]:
    """The ids of one page and one more, which tells that the list goes on.

    Nearest to the row that the page lies after or before comes first.
    """
    ids, key = (conditions or conditions_of(wanted)).ids()
    downwards = _downwards(wanted, page)
    if border := page.after or page.before:  # of the joined customers too, whom PostgreSQL may read in order
        columns = [key] if key is Customer.id else [key, Customer.id]
        ids = ids.where(*(column < border if downwards else column > border for column in columns))
    return ids.order_by(key.desc() if downwards else key.asc()).limit(page.per_page + 1)


def read_ids(ids: Select[tuple[int]]) -> list[Any]:
    return list(db.session.execute(ids))


def slice_of(
    wanted: Filter, page: Page, conditions: Conditions | None = None, read: Read = read_ids
) -> Slice:
    """One page in the order of the table; the first one where less than a page is left."""
    conditions = conditions or conditions_of(wanted)
    records = read(page_of(wanted, page, conditions))
    records.sort(key=lambda record: record.id, reverse=_downwards(wanted, page))
    goes_on, found = len(records) > page.per_page, records[: page.per_page]
    if (page.after and not found) or (page.before and len(found) < page.per_page):
        return slice_of(wanted, replace(page, after=None, before=None), conditions, read)
    if page.before:
        found.reverse()
    earlier, later = (goes_on, True) if page.before else (page.after is not None, goes_on)
    return Slice(
        found,
        previous=Page(before=found[0].id, per_page=page.per_page) if earlier else None,
        next=Page(after=found[-1].id, per_page=page.per_page) if later else None,
    )


def _downwards(wanted: Filter, page: Page) -> bool:
    return (wanted.sort != OLDEST_FIRST) == (page.before is None)


def count(wanted: Filter, cap: int = MOST_COUNTED) -> Count:
    """How many customers the filter means, counted up to `cap`."""
    return Count.up_to(cap, db.session.scalar(select(capped(conditions_of(wanted), cap))) or 0)


def status_counts(wanted: Filter, cap: int = MOST_COUNTED) -> dict[Status, Count]:
    """How many customers of each status the other conditions of the filter mean, in one statement."""
    counts = by_status(conditions_of(wanted), cap)
    row = db.session.execute(select(*(column.label(name) for name, column in counts.items()))).one()
    return {status: Count.up_to(cap, n) for status, n in zip(Status, row, strict=True)}


def capped(conditions: Conditions, cap: int = MOST_COUNTED) -> ColumnElement[int]:
    """The number of those who meet the conditions, counted up to `cap` and one more."""
    some = conditions.ids()[0].limit(cap + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def by_status(conditions: Conditions, cap: int = MOST_COUNTED) -> dict[str, ColumnElement[int]]:
    """The same for each status, whatever status the conditions ask for."""
    return {status.value: capped(replace(conditions, status=status), cap) for status in Status}


def walked_by_status(conditions: Conditions, cap: int = MOST_COUNTED) -> dict[str, ColumnElement[int]]:
    """As `by_status`, by one walk for all that ends where one of the numbers must be over the cap; what it
    left open is counted by itself. For several conditions: of those tested for them few meet them all."""
    most = len(Status) * (cap + 1)
    met = replace(conditions, status="").ids()[0].add_columns(Customer.status).limit(most).subquery()
    each = (func.count().filter(met.c.status == status).label(status.value) for status in Status)
    seen = select(func.count().label("n"), *each).select_from(met).subquery()
    return {
        name: case((or_(seen.c.n < most, seen.c[name] > cap), seen.c[name]), else_=alone)
        for name, alone in by_status(conditions, cap).items()
    }


def tags_with_counts() -> Select[tuple[Tag]]:
    """All tags, the commonest first; `Tag.n` is the count."""
    return select(Tag).order_by(Tag.n.desc(), Tag.key)


def attribute_keys() -> Select[tuple[AttributeKey]]:
    """All attributes by name."""
    return select(AttributeKey).order_by(AttributeKey.key)


def values_of(key: AttributeKey, prefix: str = "") -> Select[tuple[Any, int]]:
    """The commonest values of an attribute that begin with `prefix`, with their counts; none of type JSON."""
    column = CustomerAttribute.val_num if key.type == AttributeType.NUMBER else CustomerAttribute.val_text
    n = func.count().label("n")
    values = select(column.label("value"), n).where(CustomerAttribute.key_id == key.id, column.is_not(None))
    if prefix and key.type != AttributeType.NUMBER:
        values = values.where(column.istartswith(prefix, autoescape=True))
    return values.group_by(column).order_by(n.desc(), column).limit(MOST_SUGGESTED)


def demo_data() -> ColumnElement[bool]:
    """Whether some of the customers are invented.

    The condition is written as their partial index has it: given `demo = 1`, SQLite would look at everybody.
    """
    return exists(select(Customer.id).where(literal_column("customers.demo")))
