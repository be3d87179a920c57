"""The list of campaigns, and one that was launched; the other pages have files of their own."""

from dataclasses import dataclass

from flask import Response, make_response, render_template, request, url_for
from sqlalchemy import select

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.roles import Role
from webapp.campaigns import (
    audience,
    audience_views,
    compose_views,
    control_views,
    lifecycle,
    people_views,
    review,
    review_views,
    switch,
    times,
)
from webapp.campaigns.blueprint import bp
from webapp.campaigns.lifecycle import NOT_STARTED
from webapp.campaigns.models import Campaign, CampaignStatus, Template
from webapp.campaigns.pages import TONES, campaign_or_404, frame, sending_off, started, unconfirmed
from webapp.campaigns.reports import counts, opt_outs, record_views, report
from webapp.campaigns.reports.counts import Counts
from webapp.campaigns.reports.opt_outs import Rate
from webapp.consent.gate import Category
from webapp.extensions import db, htmx
from webapp.rendering import see_other

__all__ = [
    "audience_views",
    "bp",
    "compose_views",
    "control_views",
    "people_views",
    "record_views",
    "review_views",
]
PER_PAGE = 50


@dataclass(frozen=True)
class Listed:
    """One line of the list."""

    campaign: Campaign
    tone: str
    counts: Counts
    accepted: int
    rate: Rate | None
    scheduled: str


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    before = request.args.get("before", type=int)
    found = _page(before)
    return render_template(
        "campaigns/index.html",
        listed=_listed(found[:PER_PAGE]),
        next_before=found[PER_PAGE - 1].id if len(found) > PER_PAGE else None,
        templates=db.session.scalar(select(Template.id).limit(1)) is not None,
        sending=switch.current(),
        sending_off=sending_off(),
        unconfirmed=unconfirmed(),
    )


@bp.get("/<int:campaign_id>")
@requires(Role.VIEWER)
def show(campaign_id: int) -> Response | str:
    """A launched campaign; one that is not leads to where it is worked on."""
    campaign, back = campaign_or_404(campaign_id), request.args.get("back")
    if campaign.status == CampaignStatus.DRAFT and not campaign.audience.get("include"):
        return see_other(url_for("campaigns.edit", campaign_id=campaign_id, back=back))
    if campaign.status in NOT_STARTED:
        return see_other(url_for("campaigns.review_page", campaign_id=campaign_id, back=back))
    return render_template(
        "campaigns/show.html", **(report.context(campaign, clock.now()) | _control(campaign))
    )


@bp.get("/<int:campaign_id>/progress")
@requires(Role.VIEWER)
def progress(campaign_id: int) -> Response | str:
    """State and buttons anew, for the page's poll; 304 when nothing moved. The report asks for itself."""
    campaign = campaign_or_404(campaign_id)
    if not htmx.partial:
        return see_other(url_for("campaigns.show", campaign_id=campaign_id))
    tag = _tag(campaign)
    if request.headers.get("HX-PTag") == tag:
        return Response(status=304)
    response = make_response(render_template("campaigns/_control.html", **_control(campaign)))
    response.headers["HX-PTag"] = tag
    return response


def _control(campaign: Campaign) -> dict[str, object]:
    """What head and buttons of a launched campaign need."""
    drifts = campaign.status == CampaignStatus.PAUSED and _category(campaign) != campaign.category
    return {
        **frame(campaign),
        "drops": audience.dropping_out(campaign, _category(campaign), clock.now()) if drifts else {},
        "words": review.WORDS,
        "editable": may(Role.MANAGER),
        "started": started(campaign, clock.now()),
        "head_tag": _tag(campaign),
    }


def _tag(campaign: Campaign) -> str:
    """Of all that head and buttons tell."""
    off = int(bool(sending_off()))
    return f"{campaign.status}-{campaign.version}-{_category(campaign)}-{off}"


def _category(campaign: Campaign) -> Category:
    """The one that consent is asked for when it goes on."""
    seen = campaign.category
    return lifecycle.stricter(seen, campaign.template) if campaign.template else Category.of(seen)


def _page(before: int | None) -> list[Campaign]:
    query = select(Campaign).where(Campaign.test_of_id.is_(None)).order_by(Campaign.id.desc())
    if before:
        query = query.where(Campaign.id < before)
    return list(db.session.scalars(query.limit(PER_PAGE + 1)))


def _listed(campaigns: list[Campaign]) -> list[Listed]:
    ids = [campaign.id for campaign in campaigns]
    counted, accepted = counts.of_each(ids), counts.accepted(ids)
    rates = opt_outs.rates(select(Campaign.id).where(Campaign.id.in_(ids)))
    zone = switch.current().zone
    return [
        Listed(
            campaign,
            TONES.get(campaign.status, ""),
            counted[campaign.id],
            accepted.get(campaign.id, 0),
            rates.get(campaign.id),
            times.local(campaign.scheduled_at, zone) if campaign.scheduled_at else "",
        )
        for campaign in campaigns
    ]
