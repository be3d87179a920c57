"""A bulk change reaches its customers, so many in one transaction; the caller commits."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from webapp.bulk.actions import ActionKind, Failed
from webapp.campaigns.models import Segment, SegmentKind, SegmentMember
from webapp.consent import ledger, seconding
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import Batch
from webapp.consent.rules import Source, Status
from webapp.consent.together import together
from webapp.customers import identities, on_the_way
from webapp.customers.attributes import many_attributes
from webapp.customers.attributes.values import same
from webapp.customers.batch_changes import BatchChange
from webapp.customers.models import Customer
from webapp.customers.tags import many_tags
from webapp.extensions import db

What = dict[str, Any]


def apply(
    kind: ActionKind, what: What, customer_ids: Collection[int], batch: Batch, now: datetime
) -> tuple[int, int]:
    """How many customers this changed, and how many messages to them had started.

    Who was merged meanwhile is reached as the one who stayed, and nobody twice. Raises Failed.
    """
    ids = identities.survivors(customer_ids)
    if kind == ActionKind.OPT_OUT:
        return _opt_out(what, ids, batch, now)
    changes = _CHANGES[kind](what, ids - _reached(batch, ids))
    note(batch.id, changes)
    return len(changes), 0


def locked(customer_ids: Collection[int]) -> list[Customer]:
    """These customers as they are now; nobody else changes them until the commit."""
    query = select(Customer).where(Customer.id.in_(customer_ids)).order_by(Customer.id)
    locking = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return list(db.session.scalars(locking))


def note(batch_id: int, changes: dict[int, What]) -> None:
    """Remember what the batch changed of each of these customers."""
    rows = [
        {"customer_id": customer_id, "batch_id": batch_id, "created": False, "change": change}
        for customer_id, change in sorted(changes.items())
    ]
    if rows:
        db.session.execute(insert(BatchChange.__table__), rows)


def _opt_out(what: What, ids: set[int], batch: Batch, now: datetime) -> tuple[int, int]:
    """And all who may be the same persons, as when one is opted out."""
    alike = identities.all_alike(ids)
    people = [one for one in locked(alike) if one.erased_at is None]
    if any(one.merged_into_id for one in people) or identities.all_alike(ids) != alike:
        # In this moment, while we waited for the lock.
        return _opt_out(what, identities.survivors(ids), batch, now)
    standing = [one for one in people if one.status != Status.OPTED_OUT]
    out = {one.id: one.status_event_id for one in people if one.status == Status.OPTED_OUT}
    again = seconding.wanted(out, actor=batch.actor, batch_id=batch.id, now=now)
    reached = [one for one in people if one.id not in out or one.id in again]
    if not reached:
        return 0, 0
    said = Statement(
        Status.OPTED_OUT, Source.AGENT, batch.actor, now, proof=Proof(what["channel"], what["words"]),
        batch_id=batch.id,
    )  # fmt: skip
    with together(reached, events=len(reached)):
        for one in reached:
            ledger.record(one, said)
    return len(standing), on_the_way.started(one.id for one in standing)


def _reached(batch: Batch, ids: Collection[int]) -> set[int]:
    done = select(BatchChange.customer_id).where(
        BatchChange.batch_id == batch.id, BatchChange.customer_id.in_(ids)
    )
    return set(db.session.scalars(done))


def _add_tags(what: What, ids: set[int]) -> dict[int, What]:
    tag_ids = _tags(what)
    locked(ids)
    lacking = {(tag, one) for tag in tag_ids for one in ids} - many_tags.carried(tag_ids, ids)
    many_tags.change(added=lacking)
    return _by_customer("added", lacking)


def _remove_tags(what: What, ids: set[int]) -> dict[int, What]:
    tag_ids = _tags(what)
    locked(ids)
    carried = many_tags.carried(tag_ids, ids)
    many_tags.change(removed=carried)
    return _by_customer("removed", carried)


def _tags(what: What) -> set[int]:
    """Of several tags those that are left."""
    if found := many_tags.present(what["tags"]):
        return found
    raise Failed("The tag was deleted meanwhile.")


def _set_attribute(what: What, ids: set[int]) -> dict[int, What]:
    key_id, value = what["key"], what["value"]
    keys = many_attributes.present([key_id])
    if not keys:
        raise Failed("The attribute was deleted meanwhile.")
    locked(ids)
    before = many_attributes.values([key_id], ids)
    changes = {(key_id, one): value for one in ids if not same(before.get((key_id, one)), value)}
    many_attributes.put(changes, keys)
    return {place[1]: {"attributes": {str(key_id): [before.get(place), value]}} for place in changes}


def _add_to_segment(what: What, ids: set[int]) -> dict[int, What]:
    """Holds the segment's row, so that nobody else adds the same customers meanwhile."""
    segment_id = what["segment"]
    segment = db.session.scalar(select(Segment).where(Segment.id == segment_id).with_for_update())
    if segment is None or segment.kind != SegmentKind.STATIC:
        raise Failed("The segment was deleted meanwhile.")
    of_segment = SegmentMember.segment_id == segment_id, SegmentMember.customer_id.in_(ids)
    joining = ids - set(db.session.scalars(select(SegmentMember.customer_id).where(*of_segment)))
    if joining:
        rows = [{"segment_id": segment_id, "customer_id": one} for one in sorted(joining)]
        db.session.execute(insert(SegmentMember.__table__), rows)
    return {one: {"joined": [segment_id]} for one in joining}


def _by_customer(word: str, pairs: set[many_tags.Pair]) -> dict[int, What]:
    changes: dict[int, What] = {}
    for tag_id, customer_id in sorted(pairs):
        changes.setdefault(customer_id, {word: []})[word].append(tag_id)
    return changes


_CHANGES: dict[ActionKind, Callable[[What, set[int]], dict[int, What]]] = {
    ActionKind.ADD_TAGS: _add_tags,
    ActionKind.REMOVE_TAGS: _remove_tags,
    ActionKind.SET_ATTRIBUTE: _set_attribute,
    ActionKind.ADD_TO_SEGMENT: _add_to_segment,
}
