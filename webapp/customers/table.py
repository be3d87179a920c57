"""The customers table of one request: its rows, its counts, and the pages beside it.

All that it says of the whole desk is one statement, together with the frame of the page; the rows are
another. A filter of several conditions on a large desk is counted by a request of its own.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select
from werkzeug.datastructures import MultiDict

from webapp import budget, figures
from webapp.consent.models import ConsentEvent, Policy
from webapp.consent.rules import Status
from webapp.customers import queries, rows
from webapp.customers.conditions import Conditions, Names, conditions_of
from webapp.customers.filters import Filter, Page
from webapp.customers.models import AttributeKey, Customer, Tag
from webapp.customers.queries import MOST_COUNTED, Count, Slice
from webapp.customers.rows import Reader, Row
from webapp.customers.saved_views import saved_view
from webapp.database import json_rows
from webapp.extensions import db

NOTHING = Conditions(nobody=False)


class TagName(NamedTuple):
    """A tag of the desk, and how many carry it."""

    key: str
    id: int
    n: int
    name: str


class AttributeName(NamedTuple):
    """An attribute of the desk."""

    key: str
    id: int
    type: str
    name: str


@dataclass(frozen=True)
class Table:
    """What the filter and the page of a URL show to a reader; each part is read when it is first used."""

    filter: Filter
    page: Page
    reader: Reader
    framed: bool = False
    """Whether it stands on a whole page, of which the frame tells figures, too."""
    counting: bool = False
    """Count, however long it takes."""
    views_of: int | None = None
    """Whose saved views stand beside it, if any do: they come with the figures of the desk."""

    @classmethod
    def of(
        cls, args: MultiDict[str, str], reader: Reader, *, framed: bool = False, views_of: int | None = None
    ) -> "Table":
        counting = bool(args.get("count"))
        wanted = Filter.from_args(args, whole_numbers=reader.masked)
        return cls(wanted, Page.from_args(args), reader, framed, counting, views_of)

    @cached_property
    def desk(self) -> dict[str, Any]:
        """The figures of the whole desk."""
        views = {} if self.views_of is None else saved_view.figure(self.views_of)
        return figures.read(framed=self.framed, **_of_the_desk(), **views)

    @cached_property
    def tags(self) -> list[TagName]:
        return [TagName(*tag) for tag in self.desk["tags"]]

    @cached_property
    def attribute_keys(self) -> list[AttributeName]:
        return [AttributeName(*key) for key in self.desk["attribute_keys"]]

    @property
    def newest_id(self) -> int:
        """The newest customer now: whoever has a higher id came later."""
        return self.desk["newest_id"] or 0

    @cached_property
    def conditions(self) -> Conditions:
        names = Names.of((tag[:3] for tag in self.tags), (key[:3] for key in self.attribute_keys))
        return conditions_of(self.filter, names, sizes=self.everybody.more)

    @cached_property
    def slice(self) -> Slice:
        return queries.slice_of(self.filter, self.page, self.conditions, rows.read)

    @cached_property
    def rows(self) -> list[Row]:
        return rows.rows_from(
            self.slice.found,
            self.reader,
            self.desk["reconfirm_months"],
            {key.name: key.type for key in self.attribute_keys},
        )

    @cached_property
    def everybody(self) -> Count:
        """Customers on the desk."""
        return Count.sum(list(self._everybody.values()))

    @cached_property
    def total(self) -> Count | None:
        """Customers that match the filter; None when counting them is a request of its own."""
        conditions = self.conditions
        if not conditions.number:
            return self.everybody
        if conditions.number == 1 and conditions.status:
            return self._everybody[Status(conditions.status)]
        if not self.counting and self.slice.whole:
            return Count(len(self.slice.found))
        if conditions.number == 1 and conditions.tags:
            return Count.up_to(MOST_COUNTED, conditions.tags[0].n)
        if self.status_counts is None:
            return self._counts["total"] if self._wanted else None
        if conditions.status:
            return self.status_counts[Status(conditions.status)]
        return Count.up_to(MOST_COUNTED, sum(count.n + count.more for count in self.status_counts.values()))

    @cached_property
    def status_counts(self) -> dict[Status, Count] | None:
        """How many of each status the other conditions mean; None as for `total`."""
        if self.conditions.number - bool(self.conditions.status) == 0:
            return self._everybody
        if "total" in self._wanted or not self._wanted:
            return None
        return {status: self._counts[status] for status in Status}

    @cached_property
    def _everybody(self) -> dict[Status, Count]:
        return {status: Count.up_to(MOST_COUNTED, self.desk[f"with_{status}"]) for status in Status}

    @cached_property
    def _wanted(self) -> dict[str, ColumnElement[int]]:
        """What is counted at once: each status where that is cheap, which tells the total, too; of one
        condition the total."""
        if self.counting or not self.everybody.more:
            several = self.conditions.number - bool(self.conditions.status) > 1
            return (queries.walked_by_status if several else queries.by_status)(self.conditions)
        one = self.conditions.number == 1 and not (self.filter.q and self.conditions.search.number)
        return {"total": queries.capped(self.conditions)} if one else {}

    @cached_property
    def _counts(self) -> dict[str, Count]:
        row = db.session.execute(select(*self._wanted.values())).one()
        return {name: Count.up_to(MOST_COUNTED, n) for name, n in zip(self._wanted, row, strict=True)}


def _of_the_desk() -> dict[str, ColumnElement[Any]]:
    tags = select(Tag.key, Tag.id, Tag.n, Tag.name).order_by(Tag.n.desc(), Tag.key)
    keys = select(AttributeKey.key, AttributeKey.id, AttributeKey.type, AttributeKey.name)
    columns: dict[str, ColumnElement[Any]] = {
        "tags": json_rows(tags),
        "attribute_keys": json_rows(keys.order_by(AttributeKey.key)),
        "newest_id": select(func.max(Customer.id)).scalar_subquery(),
        "latest_event": select(func.max(ConsentEvent.id)).scalar_subquery(),
        "reconfirm_months": select(Policy.reconfirm_months).scalar_subquery(),
        **{f"with_{status}": count for status, count in queries.by_status(NOTHING).items()},
    }
    if db.engine.dialect.name == "postgresql":
        columns["budget"] = budget.column()
    return columns
