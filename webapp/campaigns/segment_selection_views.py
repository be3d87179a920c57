"""Add to segment: what is done with the rows that were chosen in the customers' table."""

from flask import Response, abort, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns import segment_selection, segments
from webapp.campaigns.models import Segment, SegmentKind
from webapp.campaigns.segment_blueprint import Answer, bp
from webapp.campaigns.segment_selection import Chosen, Joined, Moved, Unreadable
from webapp.customers.names import MalformedName
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, see_other
from webapp.transactions import only_reads


class Gone(Exception):
    """The segment that was picked is none any more."""


@bp.post("/selection")
@requires(Role.MANAGER)
@only_reads
def ask_selection() -> Answer:
    """The dialog; asked by POST, for the ids of a page are longer than an address may be."""
    return _dialog(_chosen())


@bp.post("/selection/add")
@requires(Role.MANAGER)
def add_selection() -> Answer:
    """`segment` is the id of a static one, or empty for a new one of the name `name`."""
    chosen = _chosen()
    try:
        segment = _segment()
        joined = _joined(segment, chosen)
    except Moved as moved:
        return _refused(chosen, 409, notice=f"{moved} Look at the number once more, then add them.")
    except Gone:
        return _refused(chosen, 422, segment_error="This segment is gone. Choose another one.")
    except MalformedName as fault:
        return _refused(chosen, 422, name_error=str(fault))
    db.session.commit()
    location = url_for("segments.show", segment_id=segment.id)
    return dialog_done(joined.sentence(segment.name), location=location, events={"selection:done": True})


@bp.get("/selection")
@bp.get("/selection/add")
@requires(Role.VIEWER)
def after_selection() -> Response:
    """The dialog as a page cannot be loaded again: what was chosen is not in its address."""
    return see_other(url_for("customers.index"))


def _chosen() -> Chosen:
    try:
        return Chosen.of(request.form)
    except Unreadable:
        abort(422)


def _segment() -> Segment:
    """The one that was picked, or the new one. Raises Gone and MalformedName."""
    picked = request.form.get("segment", "")
    if not picked:
        name = request.form.get("name", "")
        return segments.create_static(name, actor=current_actor(), now=clock.now())
    for segment in _static():
        if str(segment.id) == picked:
            return segment
    raise Gone


def _joined(segment: Segment, chosen: Chosen) -> Joined:
    expected = request.form.get("expected", default=-1, type=int)
    return segment_selection.add(segment, chosen, expected=expected, actor=current_actor(), now=clock.now())


def _static() -> list[Segment]:
    return [segment for segment in segments.everything() if segment.kind == SegmentKind.STATIC]


def _refused(chosen: Chosen, status: int, **words: str) -> Answer:
    db.session.rollback()
    return _dialog(chosen, status, **words)


def _dialog(
    chosen: Chosen, status: int = 200, *, notice: str = "", segment_error: str = "", name_error: str = ""
) -> Answer:
    return dialog(
        "segments/_selection_dialog.html",
        title="Add to segment",
        status=status,
        chosen=chosen,
        count=segments.count(chosen.people()),
        options=[("", "New segment"), *((str(segment.id), segment.name) for segment in _static())],
        picked=request.form.get("segment", ""),
        name=request.form.get("name", ""),
        notice=notice,
        segment_error=segment_error,
        name_error=name_error,
    )
