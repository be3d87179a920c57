"""Customers whom an import created and of whom nothing else is on record are removed for good when the import
is taken back. The ledger is never touched: whoever has an event in it stays."""

from collections.abc import Collection, Iterable
from functools import cache

from sqlalchemy import Column, ForeignKey, delete, exists, func, select

from webapp.customers.attributes import many_attributes
from webapp.customers.batch_changes import BatchChange
from webapp.customers.models import Customer, CustomerAttribute, CustomerTag, Identity
from webapp.customers.tags import many_tags
from webapp.extensions import db

OWN = (BatchChange, CustomerTag, CustomerAttribute, Identity)
"""What goes with a customer; whatever else refers to one keeps the row."""

AS_CREATED = 1
"""Version of a customer whom nobody edited, without the changes of consent, each of which adds one."""


def is_unedited(customer: Customer) -> bool:
    """Whether tags and attributes are those with which the customer was created."""
    return customer.version - customer.events_count == AS_CREATED


def removable(created: Iterable[Customer], batch_id: int) -> set[int]:
    """The ids of those whom this batch created and nobody and nothing has touched since."""
    ids = [one.id for one in created if is_unedited(one) and not one.events_count]
    if not ids:
        return set()
    others = exists().where(BatchChange.customer_id == Customer.id, BatchChange.batch_id != batch_id)
    tests = [~others, *(~exists().where(column == Customer.id) for column in _references())]
    found = set(db.session.scalars(select(Customer.id).where(Customer.id.in_(ids), *tests)))
    return found - _number_given_again()


def remove(customer_ids: Collection[int]) -> None:
    """Delete these customers, who are locked, with their addresses, tags and attributes."""
    if not customer_ids:
        return
    many_tags.change(removed=many_tags.all_of(customer_ids))
    many_attributes.put(dict.fromkeys(many_attributes.all_of(customer_ids)), {})
    for table in (Identity, BatchChange):
        db.session.execute(delete(table).where(table.customer_id.in_(customer_ids)))
    db.session.execute(delete(Customer).where(Customer.id.in_(customer_ids)))


@cache
def _references() -> list[Column[int]]:
    """The columns of other tables that name a customer; those of customers themselves by another name."""
    own = {table.__tablename__ for table in OWN}
    tables = [table for name, table in sorted(db.metadata.tables.items()) if name not in own]
    columns = [(table, key.parent) for table in tables for key in table.foreign_keys if _names_one(key)]
    return [
        table.alias().c[column.name] if table is Customer.__table__ else column for table, column in columns
    ]


def _names_one(key: ForeignKey) -> bool:
    return key.column is Customer.__table__.c.id


def _number_given_again() -> set[int]:
    """SQLite gives the highest number to the next customer, and a page that is still open would then mean
    somebody else by it."""
    if db.engine.dialect.name != "sqlite":
        return set()
    return {db.session.scalar(select(func.max(Customer.id))) or 0}
