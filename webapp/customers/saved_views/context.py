"""What the list of saved views in the panel needs."""

import json
from typing import Any

from flask import url_for

from webapp import figures
from webapp.accounts.access import may
from webapp.accounts.roles import Role
from webapp.customers.filters import Filter
from webapp.customers.saved_views.saved_view import figure
from webapp.customers.saved_views.view_filters import Names, filter_of
from webapp.customers.search import fold
from webapp.customers.table import Table

MOST_SHOWN = 8


def listed(table: Table, endpoint: str, user_id: int) -> dict[str, Any]:
    """The views of this reader, each with the address of the table that it means."""
    tags, attributes = Names(table.tags), Names(table.attribute_keys)
    here = {"at": endpoint, **table.filter.to_args()}
    views = []
    for id, name, shared, args, owner_id, owner in _rows(user_id):
        filter, gone = filter_of(json.loads(args), tags, attributes)
        mine = owner_id == user_id
        views.append(
            {
                "id": id,
                "name": name,
                "by": "" if mine else owner,
                "shared": bool(shared),
                "gone": gone,
                "active": _sense(filter) == _sense(table.filter),
                "url": url_for(endpoint, **filter.to_args(), **table.page.size_args()),
                "edit_url": url_for("customers.edit_view", view_id=id, **here)
                if may_change(mine, shared)
                else "",
            }
        )
    return {
        "views": views,
        "views_shown": MOST_SHOWN,
        "save_view_url": url_for("customers.new_view", **here),
        "saved_already": any(view["active"] for view in views),
    }


def _rows(user_id: int) -> list[Any]:
    return figures.read(framed=False, **figure(user_id))["saved_views"]


def may_change(mine: bool, shared: bool) -> bool:
    """What everybody sees is changed by managers only, also by its owner."""
    return may(Role.MANAGER) if shared else mine


def _sense(filter: Filter) -> tuple[Any, ...]:
    """Equal for filters that mean the same customers in the same order."""
    attrs = {(fold(name), value) for name, value in filter.attrs}
    return fold(filter.q), frozenset(map(fold, filter.tags)), frozenset(attrs), filter.status, filter.sort
