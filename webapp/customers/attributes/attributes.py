"""Attributes: typed values of customers, and their definitions. Each change keeps the display copies true."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import delete as delete_from
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from webapp.consent import ledger
from webapp.customers import copies, definitions
from webapp.customers.attributes.values import same, stored
from webapp.customers.models import AttributeKey, AttributeType, Customer, CustomerAttribute
from webapp.customers.names import MalformedName, checked_name
from webapp.customers.search import fold
from webapp.extensions import db

RESERVED = ":"
"""URLs part the name from the value by it."""


class MalformedAttribute(MalformedName):
    """The attribute cannot have this name or type; the message says why."""


class UnknownAttribute(LookupError):
    """No attribute of that name is defined."""


def checked(raw: str) -> str:
    """The name of an attribute. Raises MalformedAttribute."""
    try:
        return checked_name(raw, RESERVED)
    except MalformedName as fault:
        raise MalformedAttribute(str(fault)) from None


def find(name: str) -> AttributeKey | None:
    return db.session.scalar(select(AttributeKey).where(AttributeKey.key == fold(name)))


def define(name: str, type: AttributeType | str) -> AttributeKey:
    """The attribute of that name, created if it is new.

    Raises MalformedAttribute, also when it exists with another type: a type never changes.
    """
    name = checked(name)
    key = find(name) or _created(name, AttributeType(type))
    if key.type != type:
        raise MalformedAttribute(f"There is an attribute “{key.name}” of type {key.type} already.")
    return key


def _created(name: str, type: AttributeType) -> AttributeKey:
    try:
        with db.session.begin_nested():
            key = AttributeKey(name=name, key=fold(name), type=type)
            db.session.add(key)
    except IntegrityError:  # somebody else created it in this moment
        return db.session.scalars(select(AttributeKey).where(AttributeKey.key == fold(name))).one()
    return key


def set_attributes(customer: Customer, values: Mapping[str, Any]) -> bool:
    """Merge these values, as `parse_value` gives them, into the customer's; None removes one.

    True when that changed something. Raises UnknownAttribute.
    """
    keys = _defined(values)
    ledger.lock(customer)
    return put(customer, {keys[fold(name)]: value for name, value in values.items()})


def put(customer: Customer, values: Mapping[AttributeKey, Any]) -> bool:
    """`set_attributes` for a customer whom the caller has locked, by definitions instead of names."""
    present = customer.attrs_json
    changes = {key: value for key, value in values.items() if not same(present.get(key.name), value)}
    if not changes:
        return False
    _erase(customer, [key for key in changes if key.name in present])
    _write(customer, {key: value for key, value in changes.items() if value is not None})
    copy = present | {key.name: value for key, value in changes.items()}
    kept = {name: value for name, value in copy.items() if value is not None}
    customer.attrs_json = dict(sorted(kept.items(), key=lambda item: fold(item[0])))
    customer.version += 1
    return True


def rename(key: AttributeKey, name: str) -> None:
    """Raises MalformedAttribute, also when another attribute has that name."""
    name = checked(name)
    other = find(name)
    if other is not None and other.id != key.id:
        raise MalformedAttribute(f"There is an attribute “{other.name}” already. Merge the two instead.")
    definitions.renamed(key, key.name, name)
    key.name, key.key = name, fold(name)
    db.session.flush()
    for ids in _holders(key.id):
        copies.rewrite_attributes(ids)


def merge(key: AttributeKey, into: AttributeKey) -> None:
    """The values of `key` become those of `into` where a customer has none of it yet; `key` is gone.

    Raises MalformedAttribute for one and the same, and for two types.
    """
    if key.id == into.id:
        raise MalformedAttribute("An attribute cannot be merged into itself.")
    if key.type != into.type:
        raise MalformedAttribute(f"“{key.name}” is of type {key.type} and “{into.name}” of type {into.type}.")
    definitions.gone(key, into)
    key_id, into_id = key.id, into.id
    for ids in _holders(key_id):
        _hand_over(key_id, into_id, ids)
        _take(key_id, ids)
    db.session.delete(key)
    db.session.flush()


def delete(key: AttributeKey) -> None:
    """Take the attribute and its values from all customers, and remove it."""
    definitions.gone(key)
    for ids in _holders(key.id):
        _take(key.id, ids)
    db.session.delete(key)
    db.session.flush()


def used_by(key: AttributeKey) -> int:
    """How many customers have a value of it."""
    return db.session.scalar(select(func.count()).where(CustomerAttribute.key_id == key.id)) or 0


def uses() -> dict[int, int]:
    """How many customers have a value, by the ids of the attributes that are used at all."""
    counts = select(CustomerAttribute.key_id, func.count()).group_by(CustomerAttribute.key_id)
    return dict(db.session.execute(counts).all())


def _defined(names: Iterable[str]) -> dict[str, AttributeKey]:
    wanted = {fold(name): name for name in names}
    keys = db.session.scalars(select(AttributeKey).where(AttributeKey.key.in_(wanted)))
    known = {key.key: key for key in keys}
    for folded, name in wanted.items():
        if folded not in known:
            raise UnknownAttribute(f"There is no attribute “{name}”.")
    return known


def _erase(customer: Customer, keys: list[AttributeKey]) -> None:
    if keys:
        of_customer = CustomerAttribute.customer_id == customer.id
        named = CustomerAttribute.key_id.in_([key.id for key in keys])
        db.session.execute(delete_from(CustomerAttribute).where(of_customer, named))


def _write(customer: Customer, values: dict[AttributeKey, Any]) -> None:
    if values:
        rows = [
            {"customer_id": customer.id, "key_id": key.id, **stored(key.type, value)}
            for key, value in values.items()
        ]
        db.session.execute(insert(CustomerAttribute.__table__), rows)


def _holders(key_id: int) -> Iterator[list[int]]:
    """The customers that have a value, in locked chunks; nobody can be given one meanwhile."""
    db.session.execute(select(AttributeKey.id).where(AttributeKey.id == key_id).with_for_update())
    holders = select(CustomerAttribute.customer_id).where(CustomerAttribute.key_id == key_id)
    return copies.locked_chunks(holders, CustomerAttribute.customer_id)


def _hand_over(key_id: int, into_id: int, ids: list[int]) -> None:
    """Make the values those of `into_id` for the customers that have none of it yet."""
    table = CustomerAttribute.__table__
    have = select(table.c.customer_id).where(table.c.key_id == into_id, table.c.customer_id.in_(ids))
    lacking = set(ids) - set(db.session.scalars(have))
    mine = table.c.key_id == key_id, table.c.customer_id.in_(lacking)
    db.session.execute(update(table).where(*mine).values(key_id=into_id))


def _take(key_id: int, ids: list[int]) -> None:
    of_customers = CustomerAttribute.customer_id.in_(ids)
    db.session.execute(delete_from(CustomerAttribute).where(CustomerAttribute.key_id == key_id, of_customers))
    copies.rewrite_attributes(ids)
