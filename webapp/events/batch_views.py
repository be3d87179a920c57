"""Batches: the imports and bulk changes with their authors, and taking one back."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, flash, render_template, request, url_for
from sqlalchemy import func, select

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.bulk import reverting, running
from webapp.bulk.models import BatchRun
from webapp.bulk.reverting import Left
from webapp.consent import batches
from webapp.consent.batches import BatchKind, Kept, NotRevertible
from webapp.consent.models import Batch, ConsentEvent
from webapp.customers import on_the_way
from webapp.customers.models import Customer
from webapp.events.blueprint import bp
from webapp.events.filters import id_in
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, see_other

PER_PAGE = 50
KINDS = {
    BatchKind.IMPORT: "Import",
    BatchKind.BULK: "Bulk change",
    BatchKind.REVERT: "Revert",
    BatchKind.MISSED_STOPS: "Missed stops honoured",
}
OURS = (BatchKind.IMPORT, BatchKind.BULK, BatchKind.REVERT)
"""What the worker goes through and somebody may cancel here."""
WHY = {
    Kept.REVERTED: "were taken back before",
    Kept.NO_CHANGE: "changed no consent",
    Kept.NEWER: "have something newer on record",
    Kept.NO_PROOF: "would restore an opt-in whose evidence is gone",
    Kept.GONE: "are of customers who were merged or erased",
}
WHY_LEFT = {
    Left.CHANGED: "tags, attributes or names changed since",
    Left.GONE: "customers who were merged or erased",
    Left.ON_RECORD: "customers whom it created stay: there is more on record of them",
}


@dataclass(frozen=True)
class Line:
    """One batch as the list shows it."""

    id: int
    kind: str
    title: str
    by: str
    at: datetime
    events: int
    state: str
    tone: str
    reverts_id: int | None
    revert_id: int | None
    """The batch that takes this one back, or did."""
    reverting: bool
    """Whether that one is still at it."""
    total: int | None
    done: int
    running: bool


@bp.get("/batches")
@requires(Role.VIEWER)
def batch_list() -> str:
    query = select(Batch).order_by(Batch.id.desc()).limit(PER_PAGE + 1)
    if after := id_in(request.args, "after"):
        query = query.where(Batch.id < after)
    found = list(db.session.scalars(query))
    return render_template(
        "events/batches.html",
        batches=_lines(found[:PER_PAGE]),
        next=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
    )


@bp.get("/batches/<int:batch_id>")
@requires(Role.VIEWER)
def batch(batch_id: int) -> str:
    found = db.get_or_404(Batch, batch_id)
    (line,) = _lines([found])
    run = db.session.get(BatchRun, batch_id)
    return render_template(
        "events/batch.html",
        batch=line,
        revertible=_revertible(found, batches.revert_of(found)),
        cancellable=line.running and found.kind in OURS,
        told=running.told(found, run) + on_the_way.sentence(run.on_the_way if run else 0),
        kept=_kept_words(run.kept if run else {}),
        failed_why=found.failed_why,
    )


@bp.get("/batches/<int:batch_id>/revert")
@requires(Role.MANAGER)
def ask_revert(batch_id: int) -> tuple[str, int]:
    found = db.get_or_404(Batch, batch_id)
    (line,) = _lines([found])
    return dialog(
        "events/_revert_dialog.html",
        title=f"Revert {line.kind.lower()}",
        batch=line,
        outlook=batches.outlook(found, Customer),
        profiles=reverting.outlook(found),
        why=WHY,
        why_left=WHY_LEFT,
        revertible=_revertible(found, batches.revert_of(found)),
    )


@bp.post("/batches/<int:batch_id>/revert")
@requires(Role.MANAGER)
def revert(batch_id: int) -> Response:
    """A small one at once; a large one is the worker's."""
    now = clock.now()
    try:
        begun = reverting.begin(db.get_or_404(Batch, batch_id), actor=current_actor(), now=now)
    except NotRevertible as refusal:
        db.session.rollback()
        flash(str(refusal))
        return see_other(url_for("events.batch", batch_id=batch_id))
    more = begun.finished_at is None and running.at_once(begun, now)
    db.session.commit()
    if more:
        tasks.enqueue(current_app, "batch", begun.id)
    said = "It is being reverted." if more else "It is reverted."
    location = url_for("events.batch", batch_id=begun.id)
    return dialog_done(said, location=location, events={"batch:changed": True})


def _revertible(found: Batch, revert: Batch | None) -> bool:
    begun = revert is not None and revert.cancelled_at is None
    return found.kind in batches.REVERTIBLE and not begun and not batches.is_running(found)


def _kept_words(kept: dict[str, int]) -> list[str]:
    """What a revert left, a line for each reason."""
    events = [f"{n:,} that {words}" for reason, words in WHY.items() if (n := kept.get(reason))]
    return events + [f"{n:,} {words}" for reason, words in WHY_LEFT.items() if (n := kept.get(reason))]


def _lines(found: list[Batch]) -> list[Line]:
    """Four statements, however many there are."""
    ids = [each.id for each in found]
    names = actor_names(each.actor for each in found)
    counted = select(ConsentEvent.batch_id, func.count()).where(ConsentEvent.batch_id.in_(ids))
    counts = {row[0]: row[1] for row in db.session.execute(counted.group_by(ConsentEvent.batch_id))}
    taken_back = {
        each.reverts_id: each for each in db.session.scalars(select(Batch).where(Batch.reverts_id.in_(ids)))
    }
    return [_line(each, names[each.actor], counts.get(each.id, 0), taken_back.get(each.id)) for each in found]


def _line(batch: Batch, by: str, events: int, revert: Batch | None) -> Line:
    state, tone = _state(batch, revert)
    kind = KINDS.get(BatchKind(batch.kind), batch.kind)
    running = batches.is_running(batch)
    return Line(
        batch.id, kind, batch.title, by, batch.created_at, events, state, tone, batch.reverts_id,
        revert.id if revert else None, revert is not None and batches.is_running(revert),
        batch.total, batch.done, running,
    )  # fmt: skip


def _state(batch: Batch, revert: Batch | None) -> tuple[str, str]:
    if revert is not None and revert.cancelled_at is None:
        return ("Reverted", "warning") if revert.finished_at else ("Being reverted", "warning")
    if batch.failed_why:
        return "Failed", "bad"
    if batch.cancelled_at:
        return "Cancelled", "warning"
    if batch.kind == BatchKind.REVERT and batch.finished_at is None:
        return "Being reverted", "warning"
    if batches.is_running(batch):
        return "At work", "warning"
    return ("Done", "good") if batch.finished_at else ("Recorded", "")
