"""Rebuild what is written twice for speed: display copies, search texts and their index, counts of tags."""

from collections.abc import Iterator

from sqlalchemy import func, select, update
from sqlalchemy.orm import selectinload

from webapp.customers import copies, identities, search_index
from webapp.customers.models import Customer, CustomerTag, Tag
from webapp.extensions import db


def reindex() -> int:
    """Make all copies agree with what they were copied from; the number of customers that did not agree.

    The caller commits. Versions of customers that agreed stay, so that open pages do not load them again.
    """
    repaired = sum(_repaired(customers) for customers in _chunks())
    carriers = select(func.count()).where(CustomerTag.tag_id == Tag.id).scalar_subquery()
    db.session.execute(update(Tag).values(n=carriers))
    search_index.rebuild()
    db.session.expire_all()
    return repaired


def _chunks() -> Iterator[list[Customer]]:
    last = 0
    chunk = select(Customer).order_by(Customer.id).limit(copies.CHUNK).with_for_update()
    with_identities = chunk.options(selectinload(Customer.identities))
    while customers := list(db.session.scalars(with_identities.where(Customer.id > last))):
        last = customers[-1].id
        yield customers
        db.session.flush()
        db.session.expunge_all()


def _repaired(customers: list[Customer]) -> int:
    ids = [customer.id for customer in customers]
    tags, attributes = copies.tags_of(ids), copies.attributes_of(ids)
    return sum(_repair(customer, tags[customer.id], attributes[customer.id]) for customer in customers)


def _repair(customer: Customer, tags: list[str], attributes: dict[str, object]) -> bool:
    before = _copied(customer)
    customer.tags_json, customer.attrs_json = tags, attributes
    identities.refresh(customer)
    if before == _copied(customer):
        return False
    customer.version += 1
    return True


def _copied(customer: Customer) -> tuple[object, ...]:
    attributes = list(customer.attrs_json.items())  # the order counts, too
    return customer.tags_json, attributes, customer.search, customer.phone_display
