"""The poll: which of the rows on an open page changed, who came in, and a tag that says when nothing did."""

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from webapp.consent import holds
from webapp.consent.models import ConsentEvent
from webapp.customers import queries
from webapp.customers.models import Customer
from webapp.customers.queries import Count
from webapp.customers.rows import Row, rows_of
from webapp.customers.table import Table
from webapp.database import json_rows
from webapp.extensions import db

MOST_ROWS = 200
MOST_NEW = 99


@dataclass(frozen=True)
class Asked:
    """The rows that a page shows, its newest customer when it was loaded, and the tag of its last answer."""

    ids: list[int]
    newest: int
    tag: str = ""

    @classmethod
    def of(cls, args: MultiDict[str, str], tag: str) -> "Asked":
        ids = [int(raw) for raw in args.get("ids", "").split(",")[:MOST_ROWS] if _is_id(raw)]
        newest = args.get("newest", "0")
        return cls(ids, int(newest) if _is_id(newest) else 0, tag)

    @property
    def known_versions(self) -> dict[int, str]:
        """The versions of the rows as the page has them; empty when the tag is not one of ours."""
        versions = self.tag.split("|")[0].split(".")
        return dict(zip(self.ids, versions, strict=True)) if len(versions) == len(self.ids) else {}


@dataclass(frozen=True)
class News:
    """What to tell an open page."""

    tag: str
    rows: list[Row]
    new_count: Count
    reviews_open: int


def asking(table: Table) -> dict[str, Any]:
    """The parameters by which a page asks about itself."""
    return {"ids": ",".join(map(str, table.slice.ids)), "newest": table.newest_id}


def tag_of(table: Table, reviews_open: int) -> str:
    """The tag of a page that was read in this moment."""
    versions = {record.id: record.version for record in table.slice.found}
    return _tag(table.slice.ids, versions, table.desk["latest_event"], 0, reviews_open)


def news(table: Table, asked: Asked) -> News:
    """The changed rows; a row that no longer matches the filter is marked and stays."""
    versions = select(Customer.id, Customer.version).where(Customer.id.in_(asked.ids))
    latest = select(func.max(ConsentEvent.id)).scalar_subquery()  # the counts beside the filters follow it
    newer = queries.newer(table.filter, asked.newest, MOST_NEW)
    rows, event, new, reviews = db.session.execute(
        select(json_rows(versions), latest, newer, holds.open_number())
    ).one()
    new_count, shown = Count.up_to(MOST_NEW, new), dict(rows)
    tag = _tag(asked.ids, shown, event, new_count.n, reviews)
    known = asked.known_versions
    changed = [id for id in asked.ids if known and id in shown and str(shown[id]) != known[id]]
    return News(tag, [_marked(row, table) for row in rows_of(changed, table.reader)], new_count, reviews)


def _tag(ids: list[int], versions: dict[int, int], event: int | None, new: int, reviews: int) -> str:
    return f"{'.'.join(str(versions.get(id, 0)) for id in ids)}|{event or 0}|{new}|{reviews}"


def _marked(row: Row, table: Table) -> Row:
    return replace(row, changed=not row.mine, unmatched=not queries.matches(table.filter, row.id))


def _is_id(raw: str) -> bool:
    return raw.isascii() and raw.isdigit() and len(raw) <= 18
