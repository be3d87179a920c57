"""Batches: the imports and bulk changes with their authors, and taking one back."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, flash, render_template, request, url_for
from sqlalchemy import func, select

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.roles import Role
from webapp.consent import batches
from webapp.consent.batches import BatchKind, Kept, NotRevertible
from webapp.consent.models import Batch, ConsentEvent
from webapp.customers.models import Customer
from webapp.events.blueprint import bp
from webapp.events.filters import id_in
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, see_other

PER_PAGE = 50
KINDS = {
    BatchKind.IMPORT: "Import",
    BatchKind.REVERT: "Revert",
    BatchKind.MISSED_STOPS: "Missed stops honoured",
}
WHY = {
    Kept.REVERTED: "were taken back before",
    Kept.NO_CHANGE: "changed no consent",
    Kept.NEWER: "have something newer on record",
    Kept.NO_PROOF: "would restore an opt-in whose evidence is gone",
    Kept.GONE: "are of customers who were merged or erased",
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
    revertible = found.kind in batches.REVERTIBLE and batches.revert_of(found) is None
    return render_template("events/batch.html", batch=line, revertible=revertible)


@bp.get("/batches/<int:batch_id>/revert")
@requires(Role.MANAGER)
def ask_revert(batch_id: int) -> tuple[str, int]:
    found = db.get_or_404(Batch, batch_id)
    (line,) = _lines([found])
    outlook = batches.outlook(found, Customer)
    return dialog(
        "events/_revert_dialog.html", title="Revert import", batch=line, outlook=outlook, why=WHY,
        revertible=found.kind in batches.REVERTIBLE,
    )  # fmt: skip


@bp.post("/batches/<int:batch_id>/revert")
@requires(Role.MANAGER)
def revert(batch_id: int) -> Response:
    """The first part at once; the worker goes on with the rest."""
    now = clock.now()
    try:
        begun = batches.begin_revert(db.get_or_404(Batch, batch_id), actor=current_actor(), now=now)
    except NotRevertible as refusal:
        db.session.rollback()
        flash(str(refusal))
        return see_other(url_for("events.batch", batch_id=batch_id))
    after = batches.revert_some(begun, Customer, 0, now) if begun.finished_at is None else None
    db.session.commit()
    if after is not None:
        tasks.enqueue(current_app, "revert batch", begun.id)
    said = "The import is reverted." if after is None else "The import is being reverted."
    location = url_for("events.batch", batch_id=begun.id)
    return dialog_done(said, location=location, events={"batch:changed": True})


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
    return Line(batch.id, kind, batch.title, by, batch.created_at, events, state, tone, batch.reverts_id)


def _state(batch: Batch, revert: Batch | None) -> tuple[str, str]:
    own = batch if batch.kind == BatchKind.REVERT else revert
    if own is None:
        return "Recorded", ""
    if own.finished_at is None:
        return "Being reverted", "warning"
    return ("Done", "good") if own is batch else ("Reverted", "warning")
