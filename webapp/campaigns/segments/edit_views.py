"""Making and changing a segment: the rule builder with its preview, and lists of numbers."""

from typing import Any

from flask import redirect, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns.models import Campaign, Segment, SegmentKind
from webapp.campaigns.segments import numbers as segment_numbers
from webapp.campaigns.segments import rule_forms, rules, segments
from webapp.campaigns.segments.blueprint import Answer, bp, saved
from webapp.campaigns.segments.conditions import FIELDS, SOURCES, STATUSES, WITHOUT_VALUE
from webapp.campaigns.segments.line_views import lines_sent
from webapp.campaigns.segments.numbers import Taken
from webapp.campaigns.segments.rule_forms import Builder
from webapp.campaigns.segments.rules import Rules, Unusable
from webapp.campaigns.segments.segments import EditedMeanwhile
from webapp.customers import queries
from webapp.customers.names import MalformedName
from webapp.extensions import db
from webapp.transactions import only_reads

MOST_CAMPAIGNS = 200


@bp.get("/new")
@requires(Role.MANAGER)
def new() -> Answer:
    return _form(_kind(), rule_forms.fresh(), "")


@bp.post("/new")
@requires(Role.MANAGER)
def create() -> Answer:
    return _create_static() if _kind() == SegmentKind.STATIC else _save_dynamic(None)


@bp.get("/<int:segment_id>/edit")
@requires(Role.MANAGER)
def edit(segment_id: int) -> Answer:
    segment = db.get_or_404(Segment, segment_id)
    builder = rule_forms.shown(Rules.of(segment.rules))
    return _form(segment.kind, builder, segment.name, segment)


@bp.post("/<int:segment_id>/edit")
@requires(Role.MANAGER)
def update(segment_id: int) -> Answer:
    segment = db.get_or_404(Segment, segment_id)
    return _update_static(segment) if segment.kind == SegmentKind.STATIC else _save_dynamic(segment)


@bp.post("/rules")
@requires(Role.MANAGER)
@only_reads
def build() -> str:
    """The rule builder after a button or a list in it was used, and whom its rules mean."""
    builder = rule_forms.typed(request.form)
    builder.press(request.form)
    return render_template("segments/_rules_answer.html", **_builder(builder), **_previewed(builder))


@bp.post("/preview")
@requires(Role.MANAGER)
@only_reads
def preview() -> str:
    """How many customers the rules mean as they stand in the form, and some of them."""
    return render_template("segments/_preview.html", **_previewed(rule_forms.typed(request.form)))


def _kind() -> str:
    return SegmentKind.STATIC if request.values.get("kind") == SegmentKind.STATIC else SegmentKind.DYNAMIC


def _save_dynamic(segment: Segment | None) -> Answer:
    builder, name = rule_forms.typed(request.form), request.form.get("name", "")
    if builder.press(request.form):
        return _form(SegmentKind.DYNAMIC, builder, name, segment)
    try:
        found = rules.parse(builder.to_json())
        written = _write_dynamic(segment, name, found)
    except (Unusable, MalformedName) as fault:
        builder.show(fault.faults if isinstance(fault, Unusable) else {})
        return _form(SegmentKind.DYNAMIC, builder, name, segment, error=_name_error(fault), status=422)
    except EditedMeanwhile:
        return _form(SegmentKind.DYNAMIC, builder, name, segment, stale=True, status=409)
    return saved(written, f"“{written.name}” is saved.")


def _write_dynamic(segment: Segment | None, name: str, found: Rules) -> Segment:
    actor, now = current_actor(), clock.now()
    if segment is None:
        return segments.create_dynamic(name, found, actor=actor, now=now)
    segments.change(segment, name, found, version=_version(), actor=actor, now=now)
    return segment


def _create_static() -> Answer:
    name, actor, now = request.form.get("name", ""), current_actor(), clock.now()
    try:
        lines = lines_sent()
        segments.checked(name)
        taken = segment_numbers.take(lines, add_unknown="add_unknown" in request.form, now=now)
        segment = segments.create_static(name, actor=actor, now=now)
    except ValueError as fault:
        return _static_refused(fault, name, None)
    added = segments.add_people(segment, taken.customers, actor=actor, now=now)
    return _taken(segment, taken, added, len(lines))


def _update_static(segment: Segment) -> Answer:
    """Numbers are added whatever others did meanwhile; only another name must not meet another name."""
    name, actor, now = request.form.get("name", ""), current_actor(), clock.now()
    try:
        lines = lines_sent()
        if name.strip() != segment.name:
            segments.rename(segment, name, version=_version(), actor=actor, now=now)
        taken = segment_numbers.take(lines, add_unknown="add_unknown" in request.form, now=now)
    except EditedMeanwhile:
        return _form(segment.kind, Builder(), name, segment, stale=True, status=409)
    except ValueError as fault:
        return _static_refused(fault, name, segment)
    added = segments.add_people(segment, taken.customers, actor=actor, now=now)
    return _taken(segment, taken, added, len(lines))


def _taken(segment: Segment, taken: Taken, added: int, lines: int) -> Answer:
    """To the segment; or with the same form to the page of the lines that were not taken."""
    if not taken.left:
        said = segment_numbers.sentence(added, taken.created, 0) if lines else ""
        return saved(segment, f"“{segment.name}” is saved. {said}".strip())
    db.session.commit()
    there = url_for("segments.lines", segment_id=segment.id, added=added, created=taken.created)
    return redirect(there, 307)


def _static_refused(fault: ValueError, name: str, segment: Segment | None) -> Answer:
    db.session.rollback()
    error = _name_error(fault)
    return _form(SegmentKind.STATIC, Builder(), name, segment, error=error,
                 file_error="" if error else str(fault), status=422)  # fmt: skip


def _name_error(fault: ValueError) -> str:
    return str(fault) if isinstance(fault, MalformedName) else ""


def _version() -> int:
    return request.form.get("version", 0, type=int)


def _form(
    kind: str,
    builder: Builder,
    name: str,
    segment: Segment | None = None,
    *,
    error: str = "",
    file_error: str = "",
    stale: bool = False,
    status: int = 200,
) -> tuple[str, int]:
    dynamic = kind == SegmentKind.DYNAMIC
    page = render_template(
        "segments/edit.html",
        segment=segment,
        kind=kind,
        name=name,
        error=error,
        file_error=file_error,
        stale=stale,
        numbers=request.form.get("numbers", ""),
        add_unknown="add_unknown" in request.form,
        now_in_words=rules.words(Rules.of(segment.rules)) if segment and dynamic else "",
        **(_builder(builder) | _previewed(builder) if dynamic else {}),
    )
    return page, status


def _builder(builder: Builder) -> dict[str, Any]:
    recent = db.select(Campaign).where(Campaign.test_of_id.is_(None)).order_by(Campaign.id.desc())
    return {
        "builder": builder,
        "fields": FIELDS,
        "statuses": STATUSES,
        "sources": SOURCES,
        "without_value": WITHOUT_VALUE,
        "attribute_keys": {key.name: key.type for key in db.session.scalars(queries.attribute_keys())},
        "tag_names": [tag.name for tag in db.session.scalars(queries.tags_with_counts())],
        "campaigns": db.session.scalars(recent.limit(MOST_CAMPAIGNS)).all(),
    }


def _previewed(builder: Builder) -> dict[str, Any]:
    """For the preview: what is finished is counted, and how many conditions are not is told."""
    found, unfinished = rules.finished(builder.to_json())
    if not found.groups:
        return {"count": None, "sample": [], "words": "", "unfinished": unfinished}
    people = rules.people(found, clock.now())
    return {
        "count": segments.count(people),
        "sample": segments.sample(people, 5),
        "words": rules.words(found),
        "unfinished": unfinished,
    }
