"""The audience step of a campaign: whom it means, counted while somebody writes it."""

from flask import Response, abort, flash, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns import draft_count, drafts, named_people
from webapp.campaigns.audience_forms import INCLUDE, Side, lines_in, sides_in, sides_of
from webapp.campaigns.blueprint import bp
from webapp.campaigns.draft_count import Counted
from webapp.campaigns.drafts import SIDES, EditedMeanwhile
from webapp.campaigns.lifecycle import Impossible
from webapp.campaigns.models import Campaign, CampaignStatus
from webapp.campaigns.named_people import Line
from webapp.campaigns.pages import campaign_or_404, found, frame, meanwhile
from webapp.campaigns.review import WORDS
from webapp.campaigns.segments import segments
from webapp.customers.queries import attribute_keys, tags_with_counts
from webapp.customers.table_context import values_offered
from webapp.extensions import db
from webapp.rendering import page_or_fragment, see_other
from webapp.transactions import only_reads

Answer = Response | str | tuple[str, int]
Faults = dict[str, dict[str, str]]
SOURCE = "campaign"


@bp.get("/<int:campaign_id>/edit/audience")
@requires(Role.VIEWER)
def edit_audience(campaign_id: int) -> Answer:
    campaign = campaign_or_404(campaign_id)
    if campaign.status != CampaignStatus.DRAFT:
        return see_other(url_for("campaigns.show", campaign_id=campaign.id))
    return _page(campaign, sides_of(campaign.audience))


@bp.post("/<int:campaign_id>/edit/audience")
@requires(Role.MANAGER)
def update_audience(campaign_id: int) -> Answer:
    campaign, sides = campaign_or_404(campaign_id), sides_in(request.form)
    if focus := _pressed(sides):
        return _page(campaign, sides, focus=focus)
    faults, skipped = _name_people(campaign, sides)
    named = drafts.people_named(campaign.id)
    wanted = {side: sides[side].sources(named[side] > 0) for side in SIDES}
    if any(faults.values()):
        return _refused(campaign, sides, faults=faults)
    if not wanted[INCLUDE]:
        return _refused(campaign, sides, notice="Choose who shall get it.")
    try:
        drafts.set_audience(campaign, wanted, version=_version(), actor=current_actor(), now=clock.now())
    except (EditedMeanwhile, Impossible) as refusal:
        return _refused(campaign, sides, notice=str(refusal) or meanwhile(campaign), status=409)
    db.session.commit()
    if skipped:
        flash(skipped)
    return see_other(url_for("campaigns.review_page", campaign_id=campaign.id))


@bp.post("/<int:campaign_id>/edit/audience/count")
@requires(Role.MANAGER)
@only_reads
def count_audience(campaign_id: int) -> str:
    """The number as the form stands."""
    counted = _counted(campaign_or_404(campaign_id), sides_in(request.form))
    return render_template("campaigns/_audience_count.html", counted=counted, words=WORDS)


@bp.post("/<int:campaign_id>/edit/audience/attributes")
@requires(Role.MANAGER)
@only_reads
def edit_attributes(campaign_id: int) -> str:
    """The attributes of one side (`?side=`) after a button or a list in them was used, and the number."""
    campaign, sides = campaign_or_404(campaign_id), sides_in(request.form)
    key = request.args.get("side", INCLUDE)
    if key not in sides:
        abort(404)
    focus = _pressed(sides)
    return render_template(
        "campaigns/_audience_answer.html", campaign=campaign, key=key, side=sides[key], focus=focus,
        counted=_counted(campaign, sides), words=WORDS, attrs_error="", **_offered(sides),
    )  # fmt: skip


def _pressed(sides: dict[str, Side]) -> str:
    return "".join(sides[side].press(side, request.form) for side in SIDES)


def _counted(campaign: Campaign, sides: dict[str, Side]) -> Counted:
    lines: dict[str, list[Line]] = {}
    faults: dict[str, str] = {}
    for side in SIDES:
        try:
            lines[side] = lines_in(sides[side], request.files.get(f"{side}_file"))
        except ValueError as fault:
            lines[side], faults[side] = [], str(fault)
    counted = draft_count.count(campaign, sides, lines, clock.now())
    for side, fault in faults.items():
        counted.notes[side].append(fault)
    return counted


def _name_people(campaign: Campaign, sides: dict[str, Side]) -> tuple[Faults, str]:
    """Take in the numbers of both sides; what is wrong, by side and field, and which lines count not."""
    faults: Faults = {}
    skipped = []
    for key, side in sides.items():
        faults[key] = side.faults()
        try:
            numbers = named_people.look_up(lines_in(side, request.files.get(f"{key}_file")))
        except ValueError as fault:
            faults[key]["numbers"] = str(fault)
            continue
        if numbers.sentence:
            faults[key]["numbers"] = numbers.sentence
            continue
        if side.forget:
            drafts.forget_people(campaign, key)
        created = named_people.create(numbers, SOURCE, clock.now())
        drafts.add_people(campaign, key, [*numbers.customers, *numbers.erased, *created])
        skipped.append(numbers.skipped)
    return faults, " ".join(filter(None, skipped))


def _refused(
    campaign: Campaign,
    sides: dict[str, Side],
    *,
    notice: str = "",
    faults: Faults | None = None,
    status: int = 422,
) -> Answer:
    """Nothing is kept; what was typed stands in the form."""
    db.session.rollback()
    return _page(campaign, sides, notice=notice, faults=faults, status=status)


def _page(
    campaign: Campaign,
    sides: dict[str, Side],
    *,
    notice: str = "",
    faults: Faults | None = None,
    focus: str = "",
    status: int = 200,
) -> tuple[str, int]:
    counted, wrong = _counted(campaign, sides), faults or {key: {} for key in SIDES}
    for key, notes in counted.notes.items():  # what stands at a field is not said twice
        counted.notes[key] = [note for note in notes if note not in wrong[key].values()]
    page = page_or_fragment(
        "campaigns/step.html",
        "campaigns/_audience_step.html",
        step="audience",
        sides=sides,
        named=drafts.people_named(campaign.id),
        segments=segments.everything(),
        found=found(campaign),
        counted=counted,
        words=WORDS,
        notice=notice,
        faults=wrong,
        focus=focus,
        editable=may(Role.MANAGER),
        **_offered(sides),
        **frame(campaign),
    )
    return page, status


def _offered(sides: dict[str, Side]) -> dict[str, object]:
    """What can be chosen: tags, attributes, and the values of the attributes that are."""
    chosen = {key for side in sides.values() for key, _ in side.pairs if key}
    return {
        "tag_options": [(tag.name, tag.n) for tag in db.session.scalars(tags_with_counts())],
        "attribute_options": [key.name for key in db.session.scalars(attribute_keys())],
        "values_of": {key: values_offered(key) for key in chosen},
    }


def _version() -> int:
    return request.form.get("version", default=0, type=int)
