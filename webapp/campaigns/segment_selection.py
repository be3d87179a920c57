"""Customers who were chosen in the table, one by one or as all that match its filter, join a segment.

The caller commits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, insert, literal, select
from werkzeug.datastructures import MultiDict

from webapp.campaigns import segments
from webapp.campaigns.models import Segment, SegmentKind, SegmentMember
from webapp.campaigns.segments import Refused
from webapp.customers import queries
from webapp.customers.conditions import PRESENT
from webapp.customers.filters import Filter
from webapp.customers.models import Customer
from webapp.extensions import db

MOST_CHOSEN = 500
"""One by one; the table shows 200 rows on a page at most."""


class Unreadable(ValueError):
    """These cannot be the ids of rows that somebody chose."""


class Moved(Exception):
    """Another number of customers matches the filter than somebody agreed to."""

    def __init__(self, expected: int, matching: int) -> None:
        super().__init__(f"Nothing was added: {matching:,} customers match now, not {expected:,}.")


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
        raw = form.getlist("customer")
        if len(raw) > MOST_CHOSEN or not all(map(_is_id, raw)):
            raise Unreadable
        return cls(tuple(dict.fromkeys(map(int, raw))))

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


@dataclass(frozen=True)
class Joined:
    """How many customers came into a segment, and how many were in it before."""

    added: int
    already: int

    def sentence(self, name: str) -> str:
        if not self.added:
            return f"Nobody new: {_customers(self.already)} {_were(self.already)} in {name} already."
        added = f"{_customers(self.added)} added to {name}."
        return f"{added} {self.already:,} {_were(self.already)} in it already." if self.already else added


def add(segment: Segment, chosen: Chosen, *, expected: int, actor: str, now: datetime) -> Joined:
    """Put the chosen customers into a static segment, by two statements however many they are.

    `expected` is the number that was agreed to; it counts for a filter only, which may mean others by now.
    Raises Moved and Refused; then the caller rolls back.
    """
    if segment.kind != SegmentKind.STATIC:
        raise Refused("The rules of a dynamic segment choose its customers.")
    segment.changed_at, segment.changed_by = now, actor
    db.session.flush()  # holds the segment's row, so that nobody else adds the same customers meanwhile
    joined = _join(segment.id, chosen.people())
    if chosen.filter is not None and joined.added + joined.already != expected:
        raise Moved(expected, joined.added + joined.already)
    return joined


def _join(segment_id: int, people: Select[tuple[int]]) -> Joined:
    members = select(SegmentMember.customer_id).where(SegmentMember.segment_id == segment_id)
    already = segments.count(people.where(Customer.id.in_(members)))
    lacking = people.where(Customer.id.not_in(members))
    rows = lacking.with_only_columns(literal(segment_id), Customer.id, maintain_column_froms=True)
    joining = insert(SegmentMember).from_select(["segment_id", "customer_id"], rows)
    done = db.session.execute(joining, execution_options={"preserve_rowcount": True})
    return Joined(done.rowcount, already)


def _is_id(raw: str) -> bool:
    return raw.isascii() and raw.isdigit() and len(raw) <= 18


def _customers(n: int) -> str:
    return f"{n:,} customer{'s' if n != 1 else ''}"


def _were(n: int) -> str:
    return "were" if n != 1 else "was"
