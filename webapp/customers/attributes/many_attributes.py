"""Attributes of many customers in few statements; the caller has locked the customers and commits."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import delete, insert, select

from webapp.customers import copies
from webapp.customers.attributes.values import restored, stored
from webapp.customers.models import AttributeKey, CustomerAttribute
from webapp.extensions import db

Place = tuple[int, int]
"""The id of an attribute and the id of a customer."""


def present(key_ids: Collection[int], *, lock: bool = True) -> dict[int, AttributeKey]:
    """Which of these attributes there are; locked, they stay until the commit. Call it before the customers
    are locked, in the order in which whoever deletes an attribute locks."""
    query = select(AttributeKey).where(AttributeKey.id.in_(key_ids)).order_by(AttributeKey.id)
    found = db.session.scalars(query.with_for_update(read=True, key_share=True) if lock else query)
    return {key.id: key for key in found}


def values(key_ids: Collection[int], customer_ids: Collection[int]) -> dict[Place, Any]:
    """The values that these customers have of these attributes."""
    rows = db.session.execute(
        select(
            AttributeKey.id,
            CustomerAttribute.customer_id,
            AttributeKey.type,
            CustomerAttribute.val_text,
            CustomerAttribute.val_num,
            CustomerAttribute.val_json,
        )
        .join(AttributeKey, AttributeKey.id == CustomerAttribute.key_id)
        .where(CustomerAttribute.key_id.in_(key_ids), CustomerAttribute.customer_id.in_(customer_ids))
    )
    return {(row[0], row[1]): restored(*row[2:]) for row in rows}


def all_of(customer_ids: Collection[int]) -> set[Place]:
    """Where these customers have a value."""
    columns = CustomerAttribute.key_id, CustomerAttribute.customer_id
    theirs = select(*columns).where(CustomerAttribute.customer_id.in_(customer_ids))
    return {(row[0], row[1]) for row in db.session.execute(theirs)}


def put(changes: Mapping[Place, Any], keys: Mapping[int, AttributeKey]) -> None:
    """Let the customers have these values, all of which differ from what stands; None removes one."""
    if not changes:
        return
    holders = defaultdict(list)
    for key_id, customer_id in sorted(changes):
        holders[key_id].append(customer_id)
    for key_id, ids in holders.items():
        of_customers = CustomerAttribute.customer_id.in_(ids)
        db.session.execute(delete(CustomerAttribute).where(CustomerAttribute.key_id == key_id, of_customers))
    rows = [
        {"customer_id": customer_id, "key_id": key_id, **stored(keys[key_id].type, value)}
        for (key_id, customer_id), value in changes.items()
        if value is not None
    ]
    if rows:
        db.session.execute(insert(CustomerAttribute.__table__), rows)
    copies.rewrite_attributes({customer_id for _, customer_id in changes})
