"""What the table's templates need, from a `Table`: addresses, chips, counts."""

from collections.abc import Mapping
from typing import Any

from flask import url_for

from webapp import figures
from webapp.consent import holds
from webapp.consent.rules import Status
from webapp.customers import live, queries, wording
from webapp.customers.attributes import values
from webapp.customers.attributes.attributes import find
from webapp.customers.filters import NEWEST_FIRST, OLDEST_FIRST, Filter
from webapp.customers.models import AttributeType
from webapp.customers.queries import Count
from webapp.customers.saved_views import context as saved_view_context
from webapp.customers.table import Table
from webapp.extensions import db


def results(table: Table, endpoint: str) -> dict[str, Any]:
    """For the table."""
    filter, shown = table.filter, table.slice
    reviews_open = figures.read(framed=False, reviews_open=holds.open_number())["reviews_open"]
    return {
        "rows": table.rows,
        **_around(table, endpoint),
        "previous_url": shown.previous and url_for(endpoint, **filter.to_args(), **shown.previous.to_args()),
        "next_url": shown.next and url_for(endpoint, **filter.to_args(), **shown.next.to_args()),
        "live_url": url_for("customers.live", **live.asking(table)),
        "live_tag": live.tag_of(table, reviews_open),
        "too_long": False,
        **counts(table),
    }


def given_up(table: Table, endpoint: str) -> dict[str, Any]:
    """For the table when its rows could not be found in time."""
    return {
        "rows": [], **_around(table, endpoint), "previous_url": None, "next_url": None, "live_url": "",
        "live_tag": "", "too_long": True, "filter": table.filter, "found": None, "total": table.everybody,
        "state_counts": _states(None), "count_url": "",
    }  # fmt: skip


def counts(table: Table) -> dict[str, Any]:
    """For the line above the table and the states in the panel; with `count_url` they are to be asked for."""
    by_status, found = table.status_counts, table.total
    args = table.filter.to_args()
    return {
        "filter": table.filter,
        "found": found,
        "total": table.everybody,
        "state_counts": _states(by_status),
        "count_url": "" if found and by_status else url_for("customers.count", **args),
    }


def _states(by_status: Mapping[Status, Count] | None) -> list[tuple[str, str, Count | None]]:
    if by_status is None:
        return [("", "All", None), *((status, wording.STATES[status], None) for status in Status)]
    every = Count.sum(list(by_status.values()))
    return [("", "All", every), *((status, wording.STATES[status], by_status[status]) for status in Status)]


def _around(table: Table, endpoint: str) -> dict[str, Any]:
    filter, size = table.filter, table.page.size_args()
    here = url_for(endpoint, **filter.to_args(), **table.page.to_args())
    return {
        "here": here if "?" in here else None,
        "per_page": table.page.per_page,
        "active": chips(filter, endpoint, size),
        "clear_url": url_for(endpoint, **Filter(sort=filter.sort).to_args(), **size),
        "sort_url": url_for(endpoint, **turned(filter).to_args(), **size),
        "counted_url": url_for(endpoint, **filter.to_args(), **size, count=1),
    }


def panel(table: Table, endpoint: str, attr_key: str, user_id: int) -> dict[str, Any]:
    """For the filter panel."""
    return {
        "attribute_options": [key.name for key in table.attribute_keys],
        "attr_key": attr_key,
        "attr_values": values_offered(attr_key),
        "tag_options": [(tag.name, tag.n) for tag in table.tags],
        **saved_view_context.listed(table, endpoint, user_id),
    }


def values_offered(name: str) -> list[str]:
    """The commonest values of the attribute that was picked."""
    key = find(name) if name else None
    if key is None:
        return []
    found = db.session.scalars(queries.values_of(key)).all()
    number = key.type == AttributeType.NUMBER
    columns = [(None, value) if number else (value, None) for value in found]
    return [values.display(values.restored(key.type, *pair, None)) for pair in columns]


def turned(filter: Filter) -> Filter:
    return Filter(filter.q, filter.tags, filter.attrs, filter.status,
                  OLDEST_FIRST if filter.sort == NEWEST_FIRST else NEWEST_FIRST)  # fmt: skip


def chips(filter: Filter, endpoint: str, size: dict[str, Any]) -> list[dict[str, str]]:
    """The active conditions, each with the address of the table without it."""
    return [
        {
            "kind": chip.kind,
            "key": chip.key,
            "value": chip.value,
            "url": url_for(endpoint, **chip.args, **size),
        }
        for chip in filter.chips()
    ]
