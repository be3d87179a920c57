"""Taking back what a batch changed of customers: their consent (see `consent.batches`), then tags,
attributes, names, segments, and the customers whom it created. The caller commits.

It goes back only where the customer still has what the batch gave. What changed since stays and is counted.
Addresses that an import added stay: an opt-out covers all that are known.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select, tuple_

from webapp.bulk import removing
from webapp.bulk.actions import customers
from webapp.bulk.applying import locked
from webapp.bulk.models import BatchRun
from webapp.campaigns.models import SegmentMember
from webapp.consent import batches
from webapp.consent.models import Batch
from webapp.customers import identities
from webapp.customers.attributes import many_attributes
from webapp.customers.attributes.values import same
from webapp.customers.batch_changes import BatchChange
from webapp.customers.models import AttributeKey, Customer
from webapp.customers.tags import many_tags
from webapp.extensions import db

AT_ONCE = 500
MOST_FORESEEN = 10_000
REVERT = "revert"
CONSENT, PROFILES = "consent_below", "profiles"
"""What a revert goes through, in this order; beside it stands the id below, or behind which to go on."""


class Left(StrEnum):
    """Why something of a customer besides the consent is not taken back."""

    CHANGED = "changed"
    """A tag, an attribute or a name is another one by now."""
    GONE = "gone_customer"
    """The customer was erased, or merged into another one."""
    ON_RECORD = "on_record"
    """A customer whom the import created, of whom there is more on record by now."""


@dataclass(frozen=True)
class Outlook:
    """What a revert would do now besides the consent. `whole`: all was looked at, not only the first part."""

    customers: int
    removed: int
    kept: dict[Left, int]
    whole: bool


@dataclass
class Plan:
    """What goes back of some customers, and what stays and why."""

    linked: set[many_tags.Pair] = field(default_factory=set)
    unlinked: set[many_tags.Pair] = field(default_factory=set)
    values: dict[many_attributes.Place, Any] = field(default_factory=dict)
    keys: dict[int, AttributeKey] = field(default_factory=dict)
    unnamed: set[int] = field(default_factory=set)
    left: set[tuple[int, int]] = field(default_factory=set)
    """Segments and customers who leave them."""
    removed: set[int] = field(default_factory=set)
    kept: Counter[Left] = field(default_factory=Counter)

    @property
    def customers(self) -> set[int]:
        pairs = *self.linked, *self.unlinked, *self.values, *self.left
        return {customer_id for _, customer_id in pairs} | self.unnamed


def begin(batch: Batch, *, actor: str, now: datetime) -> Batch:
    """The revert of this batch, begun or to go on. Raises batches.NotRevertible."""
    revert = batches.begin_revert(batch, actor=actor, now=now)
    if db.session.get(BatchRun, revert.id) is None:
        db.session.add(BatchRun(batch_id=revert.id, action=REVERT, what={CONSENT: 0, PROFILES: 0}))
        of_batch = select(func.count()).where(BatchChange.batch_id == batch.id)
        revert.total = batches.count(batch) + (db.session.scalar(of_batch) or 0)
        db.session.flush()
    return revert


def portion(revert: Batch, now: datetime) -> bool:
    """Take the next part back; whether there is more. The revert's row is locked."""
    run = db.session.get(BatchRun, revert.id) or _begun_before(revert)
    below = run.what.get(CONSENT, 0)  # a revert that was begun before went the other way
    if below is not None:
        part = batches.revert_some(revert, Customer, below, now)
        _count(revert, run, part.events, part.changes, part.kept)
        run.what = run.what | {CONSENT: part.below}
        return True
    rows = _part(revert.reverts_id or 0, run.what[PROFILES])
    plan, last = _plan(rows, lock=True), rows[-1].customer_id if rows else None
    _carry_out(plan)
    _count(revert, run, len(rows), len(plan.customers), plan.kept)
    run.removed += len(plan.removed)
    if last:
        run.what = run.what | {PROFILES: last}
    if len(rows) == AT_ONCE:
        return True
    revert.finished_at = now
    db.session.flush()
    return False


def outlook(batch: Batch) -> Outlook:
    """What a revert would do besides the consent; reads no more than a page can wait for."""
    changed = removed = seen = after = 0
    kept: Counter[Left] = Counter()
    rows: Sequence[BatchChange] = ()
    while (rows := _part(batch.id, after)) and seen < MOST_FORESEEN:
        plan, after, seen = _plan(rows, lock=False), rows[-1].customer_id, seen + len(rows)
        changed, removed = changed + len(plan.customers), removed + len(plan.removed)
        kept.update(plan.kept)
    return Outlook(changed, removed, dict(kept), whole=not rows)


def told(run: BatchRun) -> str:
    """What became of a revert so far."""
    removed = f" {customers(run.removed)} removed." if run.removed else ""
    return f"{run.changed:,} change{'s' if run.changed != 1 else ''} taken back.{removed}"


def _begun_before(revert: Batch) -> BatchRun:
    """A revert that was begun before there were runs."""
    run = BatchRun(batch_id=revert.id, action=REVERT, what={CONSENT: 0, PROFILES: 0})
    db.session.add(run)
    db.session.flush()
    return run


def _count(revert: Batch, run: BatchRun, done: int, changed: int, kept: dict[Any, int]) -> None:
    revert.done += done
    run.changed += changed
    run.kept = dict(Counter(run.kept) + Counter({str(reason): n for reason, n in kept.items()}))


def _part(batch_id: int, after: int) -> Sequence[BatchChange]:
    part = select(BatchChange).where(BatchChange.batch_id == batch_id, BatchChange.customer_id > after)
    return db.session.scalars(part.order_by(BatchChange.customer_id).limit(AT_ONCE)).all()


def _plan(rows: Sequence[BatchChange], *, lock: bool) -> Plan:
    """Read all that these customers have of it now, in few statements."""
    plan = Plan()
    batch_id = rows[0].batch_id if rows else 0
    changes = {row.customer_id: row.change or {} for row in rows}
    tag_ids = {tag for one in changes.values() for tag in (*one.get("added", ()), *one.get("removed", ()))}
    key_ids = {int(key) for one in changes.values() for key in one.get("attributes", ())}
    tags = many_tags.present(tag_ids, lock=lock)
    plan.keys = many_attributes.present(key_ids, lock=lock)
    people = {each.id: each for each in (locked(changes) if lock else _people(changes))}
    carried = many_tags.carried(tag_ids, people)
    values = many_attributes.values(key_ids, people)
    members = _members({segment for one in changes.values() for segment in one.get("joined", ())}, people)
    created = [people[row.customer_id] for row in rows if row.created]
    plan.removed = removing.removable(created, batch_id)
    _bare(plan, [one.id for one in created if removing.is_unedited(one) and one.id not in plan.removed])
    for row in rows:
        person = people[row.customer_id]
        if person.erased_at is not None or person.merged_into_id is not None:
            plan.kept[Left.GONE] += 1
        elif row.created:
            plan.kept += Counter({Left.ON_RECORD: person.id not in plan.removed})
        else:
            _of_tags(plan, row, carried, tags)
            _of_attributes(plan, row, values)
            _of_name(plan, row, person)
            plan.left |= {(s, person.id) for s in (row.change or {}).get("joined", ())} & members
    return plan


def _bare(plan: Plan, staying: list[int]) -> None:
    """All tags and attributes of these customers came with the batch."""
    if staying:
        plan.unlinked |= many_tags.all_of(staying)
        plan.values |= dict.fromkeys(many_attributes.all_of(staying))


def _of_tags(plan: Plan, row: BatchChange, carried: set[many_tags.Pair], tags: set[int]) -> None:
    for tag_id in (row.change or {}).get("added", ()):
        pair = tag_id, row.customer_id
        if pair in carried:
            plan.unlinked.add(pair)
        else:
            plan.kept[Left.CHANGED] += 1
    for tag_id in (row.change or {}).get("removed", ()):
        pair = tag_id, row.customer_id
        if tag_id in tags and pair not in carried:
            plan.linked.add(pair)
        else:
            plan.kept[Left.CHANGED] += 1


def _of_attributes(plan: Plan, row: BatchChange, values: dict[many_attributes.Place, Any]) -> None:
    for key, (before, after) in (row.change or {}).get("attributes", {}).items():
        place = int(key), row.customer_id
        if place[0] in plan.keys and same(values.get(place), after):
            plan.values[place] = before
        else:
            plan.kept[Left.CHANGED] += 1


def _of_name(plan: Plan, row: BatchChange, person: Customer) -> None:
    named = (row.change or {}).get("named")
    if not named:
        return
    if person.name == named:
        plan.unnamed.add(person.id)
    else:
        plan.kept[Left.CHANGED] += 1


def _carry_out(plan: Plan) -> None:
    many_tags.change(added=plan.linked, removed=plan.unlinked)
    many_attributes.put(plan.values, plan.keys)
    if plan.left:
        pair = tuple_(SegmentMember.segment_id, SegmentMember.customer_id)
        db.session.execute(delete(SegmentMember).where(pair.in_(sorted(plan.left))))
    for customer_id in sorted(plan.unnamed):
        identities.rename(db.session.get_one(Customer, customer_id), "")
    removing.remove(plan.removed)


def _people(customer_ids: Any) -> Sequence[Customer]:
    return db.session.scalars(select(Customer).where(Customer.id.in_(customer_ids))).all()


def _members(segment_ids: set[int], customer_ids: Any) -> set[tuple[int, int]]:
    both = SegmentMember.segment_id.in_(segment_ids), SegmentMember.customer_id.in_(customer_ids)
    columns = SegmentMember.segment_id, SegmentMember.customer_id
    return {(row[0], row[1]) for row in db.session.execute(select(*columns).where(*both))}
