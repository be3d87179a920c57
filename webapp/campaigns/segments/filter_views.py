"""The table's filter becomes a segment in one step."""

from flask import request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns.models import SegmentKind
from webapp.campaigns.segments import rules, segments
from webapp.campaigns.segments.blueprint import Answer, bp, gone_on
from webapp.campaigns.segments.rules import Unusable
from webapp.customers import queries
from webapp.customers.filters import Filter
from webapp.customers.names import MalformedName
from webapp.extensions import db
from webapp.rendering import dialog


@bp.get("/from-filter")
@requires(Role.MANAGER)
def name_filter() -> Answer:
    return _filter_dialog(Filter.from_args(request.args), "")


@bp.post("/from-filter")
@requires(Role.MANAGER)
def from_filter() -> Answer:
    """The table's filter becomes a segment: of whoever it means at any time, or means now."""
    filter, name = Filter.from_args(request.form), request.form.get("name", "")
    actor, now = current_actor(), clock.now()
    try:
        if request.form.get("kind") == SegmentKind.STATIC:
            people = db.session.scalars(queries.matching(filter)).all()
            segment = segments.create_static(name, people, actor=actor, now=now)
        else:
            segment = segments.create_dynamic(name, rules.from_filter(filter), actor=actor, now=now)
    except (MalformedName, Unusable) as fault:
        return _filter_dialog(filter, name, str(fault))
    db.session.commit()
    return gone_on(f"“{segment.name}” is saved.", url_for("segments.show", segment_id=segment.id))


def _filter_dialog(filter: Filter, name: str, error: str = "") -> Answer:
    return dialog(
        "segments/_filter_dialog.html",
        title="Save as segment",
        status=422 if error else 200,
        filter=filter,
        name=name,
        kind=request.form.get("kind", SegmentKind.DYNAMIC),
        count=queries.count(filter),
        error=error,
    )
