"""The customers who were chosen in the table: one by one, or as all that match its filter."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from werkzeug.datastructures import MultiDict

from webapp.campaigns.segments import segments
from webapp.customers import queries
from webapp.customers.conditions import PRESENT
from webapp.customers.filters import Filter, row_id
from webapp.customers.models import Customer

MOST_CHOSEN = 500
"""One by one; the table shows 200 rows on a page at most."""


class Unreadable(ValueError):
    """These cannot be the ids of rows that somebody chose."""


@dataclass(frozen=True)
class Chosen:
    """The customers with these ids, or with `filter` whoever it means."""

    ids: tuple[int, ...] = ()
    filter: Filter | None = None

    @classmethod
    def of(cls, form: MultiDict[str, str]) -> "Chosen":
        """What the form around the table says. Raises Unreadable."""
        if form.get("matching"):
            return cls(filter=Filter.from_args(form))
        ids = list(map(row_id, form.getlist("customer")))
        if len(ids) > MOST_CHOSEN or None in ids:
            raise Unreadable
        return cls(tuple(dict.fromkeys(filter(None, ids))))

    def to_args(self) -> Mapping[str, str | list[str]]:
        """The fields of a form that give the same again."""
        if self.filter is not None:
            return {"matching": "1", **self.filter.to_args()}
        return {"customer": [str(id) for id in self.ids]}

    def people(self) -> Select[tuple[int]]:
        """Their ids; whoever is unknown, merged or erased is left out."""
        if self.filter is not None:
            return queries.matching(self.filter)
        return select(Customer.id).where(Customer.id.in_(self.ids), *PRESENT)

    def count(self, *tests: ColumnElement[bool]) -> int:
        """How many they are now, or how many of them pass these tests; exact, however many they are."""
        return segments.count(self.people().where(*tests))
