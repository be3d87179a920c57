"""What is done with the rows that were chosen in the customers' table: a dialog, then the change."""

import re
import uuid
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, request, url_for

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.bulk import freezing, running
from webapp.bulk.actions import ActionKind
from webapp.bulk.freezing import Moved
from webapp.bulk.models import BatchRun
from webapp.bulk.selection import Chosen, Unreadable
from webapp.bulk.wishes import Unfit, Wish, action_of, static_segments
from webapp.consent.models import Batch
from webapp.consent.rules import Status
from webapp.customers import on_the_way, queries
from webapp.customers.models import Customer
from webapp.customers.wording import CHANNELS
from webapp.extensions import db, htmx
from webapp.rendering import dialog, dialog_done, see_other
from webapp.transactions import only_reads

bp = Blueprint("bulk", __name__, url_prefix="/bulk")

Answer = Response | tuple[str, int]
TITLES = {
    ActionKind.OPT_OUT: "Opt out",
    ActionKind.ADD_TAGS: "Add tags",
    ActionKind.REMOVE_TAGS: "Remove tags",
    ActionKind.SET_ATTRIBUTE: "Set attribute",
    ActionKind.ADD_TO_SEGMENT: "Add to segment",
}
BUTTONS = {
    ActionKind.OPT_OUT: "Opt out {}",
    ActionKind.ADD_TAGS: "Tag {}",
    ActionKind.REMOVE_TAGS: "Untag {}",
    ActionKind.SET_ATTRIBUTE: "Change {}",
    ActionKind.ADD_TO_SEGMENT: "Add {}",
}
KEY = re.compile(r"[0-9a-f]{32}")


@bp.post("/<action>")
@requires(Role.MANAGER)
@only_reads
def ask(action: str) -> Answer:
    """The dialog; asked by POST, for the ids of a page are longer than an address may be."""
    return _dialog(_kind(action), _chosen(), Wish())


@bp.post("/<action>/save")
@requires(Role.MANAGER)
def save(action: str) -> Answer:
    """`expected` is the number that the dialog showed, `dialog` its key: a second click changes nothing."""
    kind, chosen, wish, key = _kind(action), _chosen(), Wish.of(request.form), _key()
    if known := freezing.known(key):
        return _done(known)
    expected, actor, now = request.form.get("expected", default=-1, type=int), current_actor(), clock.now()
    try:
        wanted = action_of(kind, wish, actor=actor, now=now)
        batch, new = freezing.begin(wanted, chosen, expected=expected, key=key, actor=actor, now=now)
        large = new and running.at_once(batch, now)
    except Unfit as unfit:
        db.session.rollback()
        if known := freezing.known(key):  # the first of two clicks made what the second one finds taken
            return _done(known)
        return _dialog(kind, chosen, wish, 422, errors=unfit.errors)
    except Moved as moved:
        db.session.rollback()
        return _dialog(kind, chosen, wish, 409, notice=f"{moved} Look at the number once more, then confirm.")
    db.session.commit()
    if large:
        tasks.enqueue(current_app, "batch", batch.id)
    return _done(batch)


@bp.get("/<action>")
@bp.get("/<action>/save")
@requires(Role.VIEWER)
def after(action: str) -> Response:
    """The dialog as a page cannot be loaded again: what was chosen is not in its address."""
    _kind(action)
    return see_other(url_for("customers.index"))


@bp.post("/batches/<int:batch_id>/cancel")
@requires(Role.MANAGER)
def cancel(batch_id: int) -> Response:
    stopped = running.cancel(db.get_or_404(Batch, batch_id), clock.now())
    db.session.commit()
    if stopped:
        tasks.enqueue(current_app, "batch", batch_id)  # to forget who was still to be reached
    flash("Cancelled. What was done by then stays." if stopped else "It had ended already.")
    return see_other(url_for("events.batch", batch_id=batch_id))


def _kind(action: str) -> ActionKind:
    try:
        return ActionKind(action)
    except ValueError:
        abort(404)


def _chosen() -> Chosen:
    try:
        return Chosen.of(request.form)
    except Unreadable:
        abort(422)


def _key() -> str:
    key = request.form.get("dialog", "")
    return key if KEY.fullmatch(key) else uuid.uuid4().hex


def _done(batch: Batch) -> Response:
    """What became of it in a toast; a large one goes on on its page."""
    location = url_for("events.batch", batch_id=batch.id)
    if batch.finished_at is None and not batch.failed_why:
        return Response("", 204, {"HX-Redirect": location}) if htmx else see_other(location)
    run = db.session.get_one(BatchRun, batch.id)
    said = f"{batch.failed_why or running.told(batch, run)}{on_the_way.sentence(run.on_the_way)}"
    return dialog_done(said, location=location, events={"selection:done": True})


def _dialog(
    kind: ActionKind,
    chosen: Chosen,
    wish: Wish,
    status: int = 200,
    *,
    notice: str = "",
    errors: dict[str, str] | None = None,
) -> Answer:
    blank = dict.fromkeys(("channel", "words", "tags", "key", "value", "segment", "name"), "")
    return dialog(
        "bulk/_dialog.html",
        title=TITLES[kind],
        status=status,
        kind=kind.value,
        heading=TITLES[kind],
        button_words=BUTTONS[kind],
        chosen=chosen,
        count=chosen.count(),
        wish=wish,
        notice=notice,
        errors=blank | (errors or {}),
        dialog_key=uuid.uuid4().hex,
        **_offered(kind, chosen),
    )


def _offered(kind: ActionKind, chosen: Chosen) -> dict[str, Any]:
    """What the dialog of this action lets one choose from, or says beforehand."""
    match kind:
        case ActionKind.OPT_OUT:
            out = chosen.count(Customer.status == Status.OPTED_OUT)
            return {"opted_out": out, "channels": list(CHANNELS.items())}
        case ActionKind.ADD_TAGS | ActionKind.REMOVE_TAGS:
            return {
                "tag_options": [(tag.name, tag.n) for tag in db.session.scalars(queries.tags_with_counts())]
            }
        case ActionKind.SET_ATTRIBUTE:
            keys = db.session.scalars(queries.attribute_keys())
            return {"keys": [(str(key.id), f"{key.name} ({key.type})") for key in keys]}
        case _:
            names = ((str(segment.id), segment.name) for segment in static_segments())
            return {"segments": [("", "New segment"), *names]}
