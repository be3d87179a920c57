"""Whoever keeps the id of a tag or an attribute is told when that is gone: SQLite gives the id of the last
one to the next, so a kept id would come to mean something else.
"""

from collections.abc import Callable

from webapp.customers.models import AttributeKey, Tag

Definition = Tag | AttributeKey
Forget = Callable[[Definition, Definition | None], None]
_told: list[Forget] = []


def kept_by(forget: Forget) -> Forget:
    """Register what is done before a definition is deleted: `forget(gone, into)`; `into` is the one that it
    is merged into, if any."""
    _told.append(forget)
    return forget


def gone(definition: Definition, into: Definition | None = None) -> None:
    """It is about to be deleted."""
    for forget in _told:
        forget(definition, into)
