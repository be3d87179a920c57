"""What the table's templates need, from a `Table`: addresses, chips, counts."""

from typing import Any

from flask import url_for

from webapp.consent.rules import Status
from webapp.customers import live, queries, saved_view_context, values, wording
from webapp.customers.attributes import find
from webapp.customers.filters import NEWEST_FIRST, OLDEST_FIRST, Filter
from webapp.customers.models import AttributeType
from webapp.customers.table import Table
from webapp.extensions import db


def results(table: Table, endpoint: str) -> dict[str, Any]:
    """For the table."""
    filter, page = table.filter, table.page
    size = page.size_args()
    shown = table.slice
    return {
        "rows": table.rows,
        "per_page": page.per_page,
        "active": chips(filter, endpoint, size),
        "clear_url": url_for(endpoint, **Filter(sort=filter.sort).to_args(), **size),
        "sort_url": url_for(endpoint, **turned(filter).to_args(), **size),
        "previous_url": shown.previous and url_for(endpoint, **filter.to_args(), **shown.previous.to_args()),
        "next_url": shown.next and url_for(endpoint, **filter.to_args(), **shown.next.to_args()),
        "live_url": url_for("customers.live", **live.asking(table)),
        "live_tag": live.news(table, live.Asked.about(table)).tag,
        **counts(table),
    }


def counts(table: Table) -> dict[str, Any]:
    """For the line above the table and the states in the panel."""
    by_status = table.status_counts
    every = queries.Count(
        sum(count.n for count in by_status.values()), any(c.more for c in by_status.values())
    )
    states = [("", "All", every), *((status, wording.STATES[status], by_status[status]) for status in Status)]
    return {"filter": table.filter, "found": table.total, "total": table.everybody, "state_counts": states}


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
