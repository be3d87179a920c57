"""The customers table of one request: its rows, its counts, and the pages beside it."""

from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from webapp.consent.rules import Status
from webapp.customers import queries
from webapp.customers.filters import Filter, Page
from webapp.customers.models import AttributeKey, Customer, Tag
from webapp.customers.queries import Count, Slice
from webapp.customers.rows import Reader, Row, rows_of
from webapp.extensions import db


@dataclass(frozen=True)
class Table:
    """What the filter and the page of a URL show to a reader; each part is read when it is first used."""

    filter: Filter
    page: Page
    reader: Reader

    @classmethod
    def of(cls, args: MultiDict[str, str], reader: Reader) -> "Table":
        return cls(Filter.from_args(args), Page.from_args(args), reader)

    @cached_property
    def slice(self) -> Slice:
        return queries.slice_of(self.filter, self.page)

    @cached_property
    def rows(self) -> list[Row]:
        return rows_of(self.slice.ids, self.reader)

    @cached_property
    def total(self) -> Count:
        """Customers that match the filter."""
        return queries.count(self.filter)

    @cached_property
    def everybody(self) -> Count:
        """Customers on the desk."""
        return queries.count(Filter())

    @cached_property
    def status_counts(self) -> dict[Status, Count]:
        return queries.status_counts(self.filter)

    @cached_property
    def tags(self) -> list[Tag]:
        return list(db.session.scalars(queries.tags_with_counts()))

    @cached_property
    def attribute_keys(self) -> list[AttributeKey]:
        return list(db.session.scalars(queries.attribute_keys()))

    @cached_property
    def newest_id(self) -> int:
        """The newest customer now: whoever has a higher id came later."""
        return db.session.scalar(select(func.max(Customer.id))) or 0
