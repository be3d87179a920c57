"""The customers that a filter means: a page by key, counts up to a cap, and what the filter panel offers.

Nothing here counts rows to skip them: a page begins behind a row's id.
"""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from webapp.consent.rules import Status
from webapp.customers.conditions import Conditions, conditions_of
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

    def __str__(self) -> str:
        return f"{self.n:,}+" if self.more else f"{self.n:,}"

    def __format__(self, _spec: str) -> str:
        return str(self)


@dataclass(frozen=True)
class Slice:
    """The ids of one page, and the pages beside it (None where there are none)."""

    ids: list[int]
    previous: Page | None
    next: Page | None


def matching(wanted: Filter) -> Select[tuple[int]]:
    """The ids of the customers that the filter means, in no order."""
    return conditions_of(wanted).ids()[0]


def matches(wanted: Filter, customer_id: int) -> bool:
    """Whether the filter means this customer, too."""
    return db.session.scalar(matching(wanted).where(Customer.id == customer_id)) is not None


def page_of(wanted: Filter, page: Page) -> Select[tuple[int]]:
    """The ids of one page and one more, which tells that the list goes on.

    Nearest to the row that the page lies after or before comes first.
    """
    ids, key = conditions_of(wanted).ids()
    downwards = (wanted.sort != OLDEST_FIRST) == (page.before is None)
    if border := page.after or page.before:
        ids = ids.where(key < border if downwards else key > border)
    return ids.order_by(key.desc() if downwards else key.asc()).limit(page.per_page + 1)


def slice_of(wanted: Filter, page: Page) -> Slice:
    """One page in the order of the table; the first one where less than a page is left."""
    found = list(db.session.scalars(page_of(wanted, page)))
    goes_on, ids = len(found) > page.per_page, found[: page.per_page]
    if (page.after and not ids) or (page.before and len(ids) < page.per_page):
        return slice_of(wanted, replace(page, after=None, before=None))
    if page.before:
        ids.reverse()
    earlier, later = (goes_on, True) if page.before else (page.after is not None, goes_on)
    return Slice(
        ids,
        previous=Page(before=ids[0], per_page=page.per_page) if earlier else None,
        next=Page(after=ids[-1], per_page=page.per_page) if later else None,
    )


def count(wanted: Filter, cap: int = MOST_COUNTED) -> Count:
    """How many customers the filter means, counted up to `cap`."""
    return _count_of(db.session.scalar(select(_capped(conditions_of(wanted), cap))), cap)


def status_counts(wanted: Filter, cap: int = MOST_COUNTED) -> dict[Status, Count]:
    """How many customers of each status the other conditions of the filter mean, in one statement."""
    conditions = conditions_of(wanted)
    counts = [_capped(replace(conditions, status=status), cap).label(status) for status in Status]
    return {
        status: _count_of(n, cap)
        for status, n in zip(Status, db.session.execute(select(*counts)).one(), strict=True)
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


def _capped(conditions: Conditions, cap: int) -> ColumnElement[int]:
    some = conditions.ids()[0].limit(cap + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _count_of(found: int, cap: int) -> Count:
    return Count(min(found, cap), more=found > cap)
