"""The pages of segments: what there is, who is in one, and what is done with one as a whole."""

from flask import flash, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns.models import Segment, SegmentKind
from webapp.campaigns.segments import edit_views, filter_views, line_views, rules, segments
from webapp.campaigns.segments.blueprint import Answer, bp, gone_on, saved
from webapp.campaigns.segments.rules import Rules
from webapp.campaigns.segments.segments import Refused
from webapp.extensions import db
from webapp.rendering import dialog, see_other

__all__ = [
    "bp",
    "edit_views",
    "filter_views",
    "line_views",
]


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    now, uses = clock.now(), segments.uses()
    listed = [
        (segment, segments.count(segments.people_of(segment.id, now)), uses.get(segment.id, []))
        for segment in segments.everything()
    ]
    return render_template("segments/index.html", listed=listed)


@bp.get("/<int:segment_id>")
@requires(Role.VIEWER)
def show(segment_id: int) -> str:
    segment = db.get_or_404(Segment, segment_id)
    people = segments.people_of(segment_id, clock.now())
    dynamic = segment.kind == SegmentKind.DYNAMIC
    return render_template(
        "segments/show.html",
        segment=segment,
        words=rules.words(Rules.of(segment.rules)) if dynamic else "",
        count=segments.count(people),
        sample=segments.sample(people),
        campaigns=segments.used_by(segment_id),
    )


@bp.post("/<int:segment_id>/remove")
@requires(Role.MANAGER)
def remove(segment_id: int) -> Answer:
    """Take one customer out of a static segment."""
    segment = db.get_or_404(Segment, segment_id)
    customer_id = request.form.get("customer", 0, type=int)
    try:
        segments.remove_people(segment, [customer_id], actor=current_actor(), now=clock.now())
    except Refused as refusal:
        flash(str(refusal))
    db.session.commit()
    return see_other(url_for("segments.show", segment_id=segment_id))


@bp.post("/<int:segment_id>/duplicate")
@requires(Role.MANAGER)
def duplicate(segment_id: int) -> Answer:
    copy = segments.duplicate(db.get_or_404(Segment, segment_id), actor=current_actor(), now=clock.now())
    return saved(copy, f"“{copy.name}” is a copy.")


@bp.get("/<int:segment_id>/delete")
@requires(Role.MANAGER)
def ask_delete(segment_id: int) -> Answer:
    return _delete_dialog(db.get_or_404(Segment, segment_id))


@bp.post("/<int:segment_id>/delete")
@requires(Role.MANAGER)
def delete(segment_id: int) -> Answer:
    segment = db.get_or_404(Segment, segment_id)
    name = segment.name
    try:
        segments.remove(segment)
    except Refused as refusal:
        return _delete_dialog(segment, str(refusal))
    db.session.commit()
    return gone_on(f"The segment “{name}” is deleted.", url_for("segments.index"))


def _delete_dialog(segment: Segment, error: str = "") -> Answer:
    users = segments.used_by(segment.id)
    return dialog(
        "segments/_delete_dialog.html",
        title="Delete segment",
        status=409 if error else 200,
        segment=segment,
        campaigns=users,
        blocked=any(campaign.status in segments.COMING for campaign in users),
        error=error,
    )
