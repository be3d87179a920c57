"""Tags of many customers in few statements; the caller has locked the customers and commits."""

from collections import Counter, defaultdict
from collections.abc import Collection, Set

from sqlalchemy import delete, insert, select

from webapp.customers import copies
from webapp.customers.models import CustomerTag, Tag
from webapp.customers.tags import tags
from webapp.extensions import db

_COLUMNS = CustomerTag.tag_id, CustomerTag.customer_id
Pair = tuple[int, int]
"""The id of a tag and the id of a customer."""


def present(tag_ids: Collection[int], *, lock: bool = True) -> set[int]:
    """Which of these tags there are; locked, they stay until the commit. Call it before the customers are
    locked, in the order in which whoever deletes a tag locks."""
    query = select(Tag.id).where(Tag.id.in_(tag_ids)).order_by(Tag.id)
    return set(db.session.scalars(query.with_for_update(read=True, key_share=True) if lock else query))


def carried(tag_ids: Collection[int], customer_ids: Collection[int]) -> set[Pair]:
    """Who of these customers carries which of these tags."""
    both = CustomerTag.tag_id.in_(tag_ids), CustomerTag.customer_id.in_(customer_ids)
    return {(row[0], row[1]) for row in db.session.execute(select(*_COLUMNS).where(*both))}


def all_of(customer_ids: Collection[int]) -> set[Pair]:
    """All tags of these customers."""
    theirs = select(*_COLUMNS).where(CustomerTag.customer_id.in_(customer_ids))
    return {(row[0], row[1]) for row in db.session.execute(theirs)}


def change(added: Set[Pair] = frozenset(), removed: Set[Pair] = frozenset()) -> None:
    """Give tags to customers who lack them, and take tags from customers who carry them."""
    if not added | removed:
        return
    _link(added)
    _unlink(removed)
    tags.count(Counter(tag_id for tag_id, _ in added))
    tags.count(Counter({tag_id: -n for tag_id, n in Counter(tag_id for tag_id, _ in removed).items()}))
    copies.rewrite_tags({customer_id for _, customer_id in added | removed})


def _link(pairs: Set[Pair]) -> None:
    rows = [{"tag_id": tag_id, "customer_id": customer_id} for tag_id, customer_id in sorted(pairs)]
    if rows:
        db.session.execute(insert(CustomerTag.__table__), rows)


def _unlink(pairs: Set[Pair]) -> None:
    carriers = defaultdict(list)
    for tag_id, customer_id in sorted(pairs):
        carriers[tag_id].append(customer_id)
    for tag_id, ids in carriers.items():
        db.session.execute(
            delete(CustomerTag).where(CustomerTag.tag_id == tag_id, CustomerTag.customer_id.in_(ids))
        )
