"""Tags: on customers, and their definitions. Each change keeps `Tag.n` and the display copies true."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from sqlalchemy import bindparam, func, insert, literal, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.util import identity_key

from webapp import many_rows
from webapp.consent import ledger
from webapp.customers import copies, definitions
from webapp.customers.models import Customer, CustomerTag, Tag
from webapp.customers.names import MalformedName, checked_name
from webapp.customers.search import fold
from webapp.extensions import db


class MalformedTag(MalformedName):
    """The tag cannot have this name; the message says why."""


def checked(raw: str) -> str:
    """The name of a tag. Raises MalformedTag."""
    try:
        return checked_name(raw)
    except MalformedName as fault:
        raise MalformedTag(str(fault)) from None


def find(name: str) -> Tag | None:
    return db.session.scalar(select(Tag).where(Tag.key == fold(name)))


def define(name: str) -> Tag:
    """The tag of that name, created if it is new. Raises MalformedTag."""
    name = checked(name)
    if tag := find(name):
        return tag
    try:
        with db.session.begin_nested():
            tag = Tag(name=name, key=fold(name), n=0)
            db.session.add(tag)
    except IntegrityError:  # somebody else created it in this moment
        return db.session.scalars(select(Tag).where(Tag.key == fold(name))).one()
    return tag


def define_all(names: Mapping[str, str]) -> dict[str, Any]:
    """The id, key and name of each tag, by its key; those that are new are created, in one statement.

    Raises MalformedTag, and IntegrityError or UniqueViolation when somebody else creates one in this moment.
    """
    tags = _by_key(names)
    if new := sorted(names.keys() - tags.keys()):
        columns = ("name", "key", "n")
        many_rows.insert(Tag.__table__, columns, [(checked(names[key]), key, 0) for key in new])
        tags |= _by_key(new)
    return tags


def _by_key(keys: Iterable[str]) -> dict[str, Any]:
    rows = select(Tag.id, Tag.key, Tag.name).where(many_rows.among(Tag.key, keys))
    return {row.key: row for row in db.session.execute(rows)}


def set_tags(customer: Customer, names: Iterable[str]) -> bool:
    """Give the customer these tags and no others; True when that changed something. Raises MalformedTag."""
    wanted = _defined(names)
    ledger.lock(customer)
    return _change(customer, _carried(customer), wanted)


def add_tags(customer: Customer, tags: Iterable[Tag], tally: Counter[int]) -> bool:
    """Give the customer, whom the caller has locked, these tags too; True when that changed something.

    Whoever tags many customers in one transaction must not hold the tags' own rows until its end. Therefore
    their counts are only noted in `tally`, and the caller calls `count(tally)` last.
    """
    carried = set(map(fold, customer.tags_json))
    added = {tag.id: tag for tag in tags if tag.key not in carried}
    if not added:
        return False
    _link(customer.id, added.keys())
    tally.update(added.keys())
    customer.tags_json = sorted([*customer.tags_json, *(tag.name for tag in added.values())], key=fold)
    customer.version += 1
    return True


def count(tally: Counter[int]) -> None:
    """Move `Tag.n` by these numbers, in one order, so that no two writers wait for each other."""
    if not tally:
        return
    table = Tag.__table__
    moved = update(table).where(table.c.id == bindparam("tag")).values(n=table.c.n + bindparam("more"))
    rows = [{"tag": tag_id, "more": difference} for tag_id, difference in sorted(tally.items())]
    db.session.connection().execute(moved, rows)
    for tag_id in tally:
        if tag := db.session.identity_map.get(identity_key(Tag, tag_id)):
            db.session.expire(tag, ["n"])


def rename(tag: Tag, name: str) -> None:
    """Raises MalformedTag, also when another tag has that name."""
    name = checked(name)
    other = find(name)
    if other is not None and other.id != tag.id:
        raise MalformedTag(f"There is a tag “{other.name}” already. Merge the two instead.")
    definitions.renamed(tag, tag.name, name)
    tag.name, tag.key = name, fold(name)
    db.session.flush()
    for ids in _carriers(tag.id):
        copies.rewrite_tags(ids)


def merge(tag: Tag, into: Tag) -> None:
    """Whoever carries `tag` carries `into` instead; `tag` is gone. Raises MalformedTag for the same."""
    if tag.id == into.id:
        raise MalformedTag("A tag cannot be merged into itself.")
    definitions.gone(tag, into)
    tag_id, into_id = tag.id, into.id
    for ids in _carriers(tag_id):
        _hand_over(tag_id, into_id, ids)
        _take(tag_id, ids)
    carriers = select(func.count()).where(CustomerTag.tag_id == into_id).scalar_subquery()
    db.session.execute(update(Tag).where(Tag.id == into_id).values(n=carriers))
    db.session.delete(tag)
    db.session.flush()


def delete(tag: Tag) -> None:
    """Take the tag from all customers, and remove it."""
    definitions.gone(tag)
    for ids in _carriers(tag.id):
        _take(tag.id, ids)
    db.session.delete(tag)
    db.session.flush()


def _defined(names: Iterable[str]) -> dict[int, Tag]:
    wanted = {fold(name): name for name in map(checked, names)}
    known = {tag.key: tag for tag in db.session.scalars(select(Tag).where(Tag.key.in_(wanted)))}
    tags = [known.get(key) or define(name) for key, name in wanted.items()]
    return {tag.id: tag for tag in tags}


def _carried(customer: Customer) -> dict[int, Tag]:
    carried = select(CustomerTag.tag_id).where(CustomerTag.customer_id == customer.id)
    return {tag.id: tag for tag in db.session.scalars(select(Tag).where(Tag.id.in_(carried)))}


def _change(customer: Customer, before: dict[int, Tag], after: dict[int, Tag]) -> bool:
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    if not added | removed:
        return False
    _link(customer.id, added)
    _unlink(customer.id, removed)
    count(Counter({tag_id: 1 if tag_id in added else -1 for tag_id in added | removed}))
    customer.tags_json = [tag.name for tag in sorted(after.values(), key=lambda tag: tag.key)]
    customer.version += 1
    db.session.flush()
    return True


def _link(customer_id: int, tag_ids: Set[int]) -> None:
    if tag_ids:
        rows = [{"tag_id": tag_id, "customer_id": customer_id} for tag_id in sorted(tag_ids)]
        db.session.execute(insert(CustomerTag.__table__), rows)


def _unlink(customer_id: int, tag_ids: Set[int]) -> None:
    if tag_ids:
        of_customer = CustomerTag.customer_id == customer_id
        db.session.execute(delete_from(CustomerTag).where(of_customer, CustomerTag.tag_id.in_(tag_ids)))


def _carriers(tag_id: int) -> Iterator[list[int]]:
    """The customers that carry the tag, in locked chunks; nobody can be given it meanwhile."""
    db.session.execute(select(Tag.id).where(Tag.id == tag_id).with_for_update())
    holders = select(CustomerTag.customer_id).where(CustomerTag.tag_id == tag_id)
    return copies.locked_chunks(holders, CustomerTag.customer_id)


def _hand_over(tag_id: int, into_id: int, ids: list[int]) -> None:
    """Give the tag `into_id` to those of the customers that do not carry it yet."""
    have = select(CustomerTag.customer_id).where(
        CustomerTag.tag_id == into_id, CustomerTag.customer_id.in_(ids)
    )
    lacking = select(literal(into_id), Customer.id).where(Customer.id.in_(ids), Customer.id.not_in(have))
    db.session.execute(insert(CustomerTag).from_select(["tag_id", "customer_id"], lacking))


def _take(tag_id: int, ids: list[int]) -> None:
    of_customers = CustomerTag.customer_id.in_(ids)
    db.session.execute(delete_from(CustomerTag).where(CustomerTag.tag_id == tag_id, of_customers))
    copies.rewrite_tags(ids)
