"""How a bulk change or a revert goes on: a portion, a commit, the next portion. The caller commits.

Whoever takes a portion holds the row of the run until the commit, so that two of them never take the same.
"""

from datetime import datetime

from sqlalchemy import delete, exists, select

from webapp.bulk import applying, freezing, reverting
from webapp.bulk.actions import Failed, customers
from webapp.bulk.models import BatchRun, BulkMember
from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.consent.models import Batch
from webapp.extensions import db

AT_ONCE = 200
"""Customers whom the request itself reaches: as many as a page shows. The worker does the rest."""

PORTION = 500
"""Customers of one transaction: a webhook that waits for SQLite's write lock waits for less than a second."""


def at_once(batch: Batch, now: datetime) -> bool:
    """Go through a small one to its end; whether it is large and the worker has to."""
    if (batch.total or 0) > AT_ONCE:
        return True
    while go_on(batch.id, now):
        pass
    return False


def go_on(batch_id: int, now: datetime) -> bool:
    """Take the next portion; whether there is more to do."""
    batch = _locked(batch_id)
    if batch.kind == BatchKind.REVERT:
        return _is_open(batch) and reverting.portion(batch, now)
    if not _is_open(batch):
        return _discard(batch_id)
    return _change(batch, now)


def cancel(batch: Batch, now: datetime) -> bool:
    """Stop it after the portion that is under way; False when it had ended. What was done stays."""
    batch = _locked(batch.id)
    if not _is_open(batch):
        return False
    batch.cancelled_at = now
    db.session.flush()
    return True


def unfinished() -> list[int]:
    """Batches that a lost queue or a crash left half done, the oldest first; also those whose rows about who
    was to be reached are no longer needed."""
    ours = Batch.kind.in_((BatchKind.BULK, BatchKind.REVERT))
    left = exists().where(BulkMember.batch_id == Batch.id)
    return list(db.session.scalars(select(Batch.id).where(ours, batches.OPEN | left).order_by(Batch.id)))


def _locked(batch_id: int) -> Batch:
    query = select(Batch).where(Batch.id == batch_id).with_for_update(key_share=True)
    return db.session.scalars(query.execution_options(populate_existing=True)).one()


def _is_open(batch: Batch) -> bool:
    return batch.finished_at is None and batch.cancelled_at is None and not batch.failed_why


def _change(batch: Batch, now: datetime) -> bool:
    run = db.session.get_one(BatchRun, batch.id)
    ids = _members(batch.id)
    action = freezing.action_of(run)
    try:
        changed, on_the_way = applying.apply(action.kind, action.what, ids, batch, now)
    except Failed as fault:
        batch.failed_why = str(fault)
        db.session.flush()
        return True
    _strike(batch.id, ids)
    run.changed += changed
    run.on_the_way += on_the_way
    batch.done += len(ids)
    if len(ids) == PORTION:
        return True
    batch.finished_at = now
    db.session.flush()
    return False


def _members(batch_id: int) -> list[int]:
    waiting = select(BulkMember.customer_id).where(BulkMember.batch_id == batch_id)
    return list(db.session.scalars(waiting.order_by(BulkMember.customer_id).limit(PORTION)))


def _strike(batch_id: int, ids: list[int]) -> None:
    if ids:
        reached = BulkMember.customer_id.between(ids[0], ids[-1])
        db.session.execute(delete(BulkMember).where(BulkMember.batch_id == batch_id, reached))


def _discard(batch_id: int) -> bool:
    ids = _members(batch_id)
    _strike(batch_id, ids)
    return len(ids) == PORTION


def told(batch: Batch, run: BatchRun | None) -> str:
    """What became of it so far, as sentences."""
    if run is None:
        return ""
    if batch.kind == BatchKind.REVERT:
        return reverting.told(run)
    others = batch.done - run.changed
    changed = f"{customers(run.changed)} changed."
    return f"{changed} {others:,} {'was' if others == 1 else 'were'} so already." if others > 0 else changed
