"""A filter as a saved view keeps it, and as it reads today.

Tags and attributes are kept by id, as in the rules of segments: the view follows them to a new name.
"""

from collections.abc import Callable, Iterable
from typing import Any

from webapp.customers import phones
from webapp.customers.attributes import attributes
from webapp.customers.filters import Filter
from webapp.customers.models import AttributeKey, Tag
from webapp.customers.search import fold
from webapp.customers.tags import tags

FEWEST_DIGITS = 8
"""So many digits in a search are a number, and no beginning of numbers."""


class Refused(ValueError):
    """This filter cannot be saved; the message is a sentence that says why."""


def kept(filter: Filter) -> dict[str, Any]:
    """The filter as a view keeps it. Raises Refused."""
    if not filter.chips():
        raise Refused("There is nothing to save: choose a filter first.")
    if len(phones.digits(filter.q)) >= FEWEST_DIGITS:
        raise Refused("A view keeps no number of a customer. Search for it when you need it.")
    return {
        "q": filter.q,
        "status": filter.status,
        "sort": filter.sort,
        "tags": [_named(tags.find, name) for name in filter.tags],
        "attrs": [_named(attributes.find, name) | {"value": value} for name, value in filter.attrs],
    }


class Names:
    """The tags, or the attributes, that exist."""

    def __init__(self, existing: Iterable[Tag | AttributeKey]) -> None:
        things = list(existing)
        self._by_id = {thing.id: thing.name for thing in things}
        self._by_key = {thing.key: thing.name for thing in things}

    def of(self, named: dict[str, Any]) -> str:
        """What the thing is called now; empty when it is gone."""
        return self._by_id.get(named["id"]) or self._by_key.get(fold(named["name"]), "")


def filter_of(args: dict[str, Any], tags: Names, attributes: Names) -> tuple[Filter, list[str]]:
    """The filter of a view under the names of today, and what it names that is gone, in words."""
    gone = [f"tag {each['name']}" for each in args["tags"] if not tags.of(each)]
    gone += [f"attribute {each['name']}" for each in args["attrs"] if not attributes.of(each)]
    filter = Filter(
        q=args["q"],
        tags=tuple(tags.of(each) or each["name"] for each in args["tags"]),
        attrs=tuple((attributes.of(each) or each["name"], each["value"]) for each in args["attrs"]),
        status=args["status"],
        sort=args["sort"],
    )
    return filter, gone


def _named(find: Callable[[str], Tag | AttributeKey | None], name: str) -> dict[str, Any]:
    found = find(name)
    return {"id": found.id if found else None, "name": found.name if found else name}
