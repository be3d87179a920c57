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

    @classmethod
    def about(cls, table: Table) -> "Asked":
        return cls([row.id for row in table.rows], table.newest_id)

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
    asked = Asked.about(table)
    return {"ids": ",".join(map(str, asked.ids)), "newest": asked.newest}


def news(table: Table, asked: Asked) -> News:
    """The changed rows; a row that no longer matches the filter is marked and stays."""
    versions = _versions(asked.ids)
    new_count = _count_newer(table, asked.newest)
    shown = ".".join(str(versions.get(id, 0)) for id in asked.ids)
    reviews_open = holds.open_count()
    tag = f"{shown}|{_latest_event()}|{new_count.n}|{reviews_open}"
    known = asked.known_versions
    changed = [id for id in asked.ids if known and id in versions and str(versions[id]) != known[id]]
    return News(tag, [_marked(row, table) for row in rows_of(changed, table.reader)], new_count, reviews_open)


def _versions(ids: list[int]) -> dict[int, int]:
    query = select(Customer.id, Customer.version).where(Customer.id.in_(ids))
    return {row.id: row.version for row in db.session.execute(query)}


def _latest_event() -> int:
    """Rises whenever anybody's consent changes, so that the counts beside the filters follow."""
    return db.session.scalar(select(func.max(ConsentEvent.id))) or 0


def _count_newer(table: Table, newest: int) -> Count:
    some = queries.matching(table.filter).where(Customer.id > newest).limit(MOST_NEW + 1).subquery()
    n = db.session.scalar(select(func.count()).select_from(some)) or 0
    return Count(min(n, MOST_NEW), n > MOST_NEW)


def _marked(row: Row, table: Table) -> Row:
    return replace(row, changed=not row.mine, unmatched=not queries.matches(table.filter, row.id))


def _is_id(raw: str) -> bool:
    return raw.isascii() and raw.isdigit() and len(raw) <= 18
