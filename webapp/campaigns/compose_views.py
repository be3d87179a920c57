"""Composing a campaign: its name, and its template with the variables; `audience_views` has the rest."""

from typing import Any

from flask import Response, request, url_for
from sqlalchemy import select

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns import drafts, lifecycle
from webapp.campaigns.blueprint import bp
from webapp.campaigns.control_views import gone_to
from webapp.campaigns.drafts import EditedMeanwhile
from webapp.campaigns.lifecycle import Impossible
from webapp.campaigns.models import Campaign, CampaignStatus, Template
from webapp.campaigns.pages import campaign_or_404, found, frame, meanwhile, shown, variables_of
from webapp.campaigns.templates import variables
from webapp.campaigns.templates.forms import fillings_of, parameters_in
from webapp.customers.queries import attribute_keys
from webapp.extensions import db
from webapp.rendering import dialog, page_or_fragment, see_other

Answer = Response | str | tuple[str, int]
NOTHING_FILLED = "No variable is filled yet. Continue once more to fill them later."


@bp.get("/new")
@requires(Role.MANAGER)
def new() -> Answer:
    return dialog("campaigns/_new_dialog.html", title="New campaign", name="", error="")


@bp.post("/new")
@requires(Role.MANAGER)
def create() -> Answer:
    name = request.form.get("name", "")
    try:
        campaign = lifecycle.create(name, actor=current_actor(), now=clock.now())
    except Impossible as refusal:
        return dialog(
            "campaigns/_new_dialog.html", title="New campaign", status=422, name=name, error=str(refusal)
        )
    db.session.commit()
    return gone_to(url_for("campaigns.edit", campaign_id=campaign.id), "")


@bp.get("/<int:campaign_id>/edit")
@requires(Role.VIEWER)
def edit(campaign_id: int) -> Answer:
    """The template step; `?template=ID` shows another template before it is saved."""
    campaign = campaign_or_404(campaign_id)
    if campaign.status != CampaignStatus.DRAFT:
        return see_other(url_for("campaigns.show", campaign_id=campaign.id))
    chosen = _template(request.args.get("template", type=int))
    return _template_page(campaign, chosen or campaign.template, campaign.parameters)


@bp.post("/<int:campaign_id>/edit")
@requires(Role.MANAGER)
def update(campaign_id: int) -> Answer:
    campaign = campaign_or_404(campaign_id)
    template = _template(request.form.get("template", type=int))
    if template is None:
        return _template_page(campaign, None, {}, error="Choose a template.", status=422)
    parameters = parameters_in(variables_of(template), request.form)
    if misfits := variables.misfits(variables_of(template), parameters):
        return _template_page(campaign, template, parameters, misfits=misfits, status=422)
    if "unfilled" not in request.form and _nothing_filled(template, parameters):
        return _template_page(campaign, template, parameters, notice=NOTHING_FILLED, asked=True, status=422)
    try:
        drafts.set_template(
            campaign, template, parameters, version=_version(), actor=current_actor(), now=clock.now()
        )
    except (EditedMeanwhile, Impossible) as refusal:
        notice = str(refusal) or meanwhile(campaign)
        return _template_page(campaign, template, parameters, notice=notice, status=409)
    db.session.commit()
    return see_other(url_for("campaigns.edit_audience", campaign_id=campaign.id))


@bp.route("/<int:campaign_id>/preview", methods=["GET", "POST"])
@requires(Role.VIEWER)
def preview(campaign_id: int) -> Answer:
    """The bubble: of what is saved, or of the form as it stands."""
    campaign = campaign_or_404(campaign_id)
    template, parameters = campaign.template, campaign.parameters
    if chosen := _template(request.form.get("template", type=int)):
        template, parameters = chosen, parameters_in(variables_of(chosen), request.form)
    context = _preview(campaign, template, parameters) | _filled(template, parameters)
    fragment = "campaigns/_preview.html" if chosen else "campaigns/_bubble.html"
    return page_or_fragment("campaigns/preview.html", fragment, **context)


def _template_page(
    campaign: Campaign,
    template: Template | None,
    parameters: dict[str, Any],
    *,
    notice: str = "",
    error: str = "",
    misfits: dict[str, str] | None = None,
    asked: bool = False,
    status: int = 200,
) -> tuple[str, int]:
    """`asked`: whether the notice asks if nothing shall be filled, so that the next Continue goes on."""
    own = variables_of(template)
    templates = db.session.scalars(
        select(Template).where(Template.removed_at.is_(None)).order_by(Template.name, Template.language)
    ).all()
    page = page_or_fragment(
        "campaigns/step.html",
        "campaigns/_template_step.html",
        step="template",
        templates=[each for each in templates if each.usable or each.id == campaign.template_id],
        fillings=fillings_of(own, parameters),
        attributes=[key.name for key in db.session.scalars(attribute_keys())],
        notice=notice,
        error=error,
        misfits=misfits or {},
        asked=asked,
        found=found(campaign),
        editable=may(Role.MANAGER),
        **_filled(template, parameters),
        **_preview(campaign, template, parameters),
    )
    return page, status


def _filled(template: Template | None, parameters: dict[str, Any]) -> dict[str, Any]:
    own = variables_of(template)
    missing = [v.label for v in own if not variables.is_set(parameters.get(v.key))]
    return {"missing": missing, "wanted": len(own)}


def _nothing_filled(template: Template, parameters: dict[str, Any]) -> bool:
    filled = _filled(template, parameters)
    return 0 < filled["wanted"] == len(filled["missing"])


def _preview(campaign: Campaign, template: Template | None, parameters: dict[str, Any]) -> dict[str, Any]:
    person_id = request.values.get("shown", type=int)
    return {**frame(campaign), **shown(campaign, template, parameters, person_id, clock.now())}


def _template(template_id: int | None) -> Template | None:
    return db.session.get(Template, template_id) if template_id else None


def _version() -> int:
    return request.form.get("version", default=0, type=int)
