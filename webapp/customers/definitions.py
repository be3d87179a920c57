"""Whoever keeps the id or the name of a tag or an attribute is told when that is gone or has another name."""

from collections.abc import Callable

from webapp.customers.models import AttributeKey, Tag

Definition = Tag | AttributeKey
Forget = Callable[[Definition, Definition | None], None]
Rename = Callable[[Definition, str, str], None]
_by_id: list[Forget] = []
_by_name: list[Rename] = []


def kept_by_id(forget: Forget) -> Forget:
    """Register what is done before a definition is deleted: `forget(gone, into)`; `into` is the one that it
    is merged into, if any."""
    _by_id.append(forget)
    return forget


def kept_by_name(rename: Rename) -> Rename:
    """Register what is done when a name changes, also by a merge: `rename(definition, old, new)`."""
    _by_name.append(rename)
    return rename


def gone(definition: Definition, into: Definition | None = None) -> None:
    """It is about to be deleted."""
    for forget in _by_id:
        forget(definition, into)
    if into:
        renamed(definition, definition.name, into.name)


def renamed(definition: Definition, old: str, new: str) -> None:
    for rename in _by_name:
        rename(definition, old, new)
