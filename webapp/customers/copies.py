"""The display copies on the customer's row (`tags_json`, `attrs_json`) and what they are copied from.

Whoever changes tags or attributes writes the copies in the same transaction, so that a page of the table
is one statement. `reindex.py` rebuilds them.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.orm import InstrumentedAttribute

from webapp.customers.attributes.values import restored
from webapp.customers.models import AttributeKey, Customer, CustomerAttribute, CustomerTag, Tag
from webapp.extensions import db

CHUNK = 500
"""Customers that one statement reads or rewrites."""


def tags_of(ids: Iterable[int]) -> dict[int, list[str]]:
    """The names of the tags of each of these customers, in the order of the folded names."""
    copies: dict[int, list[str]] = {customer_id: [] for customer_id in ids}
    rows = db.session.execute(
        select(Tag.key, Tag.name, CustomerTag.customer_id)
        .join(CustomerTag, CustomerTag.tag_id == Tag.id)
        .where(CustomerTag.customer_id.in_(copies))
    )
    for _, name, customer_id in sorted(map(tuple, rows)):
        copies[customer_id].append(name)
    return copies


def attributes_of(ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The attributes of each of these customers by name, in the order of the folded names."""
    copies: dict[int, dict[str, Any]] = {customer_id: {} for customer_id in ids}
    rows = db.session.execute(
        select(
            AttributeKey.key,
            AttributeKey.name,
            CustomerAttribute.customer_id,
            AttributeKey.type,
            CustomerAttribute.val_text,
            CustomerAttribute.val_num,
            CustomerAttribute.val_json,
        )
        .join(CustomerAttribute, CustomerAttribute.key_id == AttributeKey.id)
        .where(CustomerAttribute.customer_id.in_(copies))
    )
    for _, name, customer_id, *columns in sorted(rows, key=lambda row: row.key):
        copies[customer_id][name] = restored(*columns)
    return copies


def rewrite_tags(ids: Iterable[int]) -> None:
    """Copy the tags of these customers anew, and raise their versions."""
    _rewrite("tags_json", tags_of(ids))


def rewrite_attributes(ids: Iterable[int]) -> None:
    """Copy the attributes of these customers anew, and raise their versions."""
    _rewrite("attrs_json", attributes_of(ids))


def locked_chunks(holders: Select[tuple[int]], holder: InstrumentedAttribute[int]) -> Iterator[list[int]]:
    """The customer ids that `holders` gives in its column `holder`, in chunks locked against writers."""
    last = 0
    while ids := list(db.session.scalars(holders.where(holder > last).order_by(holder).limit(CHUNK))):
        locked = select(Customer.id).where(Customer.id.in_(ids)).order_by(Customer.id)
        yield list(db.session.scalars(locked.with_for_update()))
        last = ids[-1]


def _rewrite(column: str, copies: dict[int, Any]) -> None:
    table = Customer.__table__
    statement = (
        update(table)
        .where(table.c.id == bindparam("customer"))
        .values({column: bindparam("copy", type_=table.c[column].type), "version": table.c.version + 1})
    )
    if copies:
        rows = [{"customer": customer_id, "copy": copy} for customer_id, copy in copies.items()]
        db.session.connection().execute(statement, rows)
    db.session.expire_all()
