"""Campaigns: created, listed, looked at; whom one would reach now, and what became of its deliveries."""

from flask import Response, abort, jsonify, request, url_for
from sqlalchemy import select

from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.api import bodies, campaign_shapes, pagination, phones, wishes
from webapp.api.auth import bearer
from webapp.api.blueprint import bp
from webapp.api.wishes import Wish
from webapp.campaigns import audience, lifecycle
from webapp.campaigns.models import Campaign, CampaignPerson, Delivery
from webapp.campaigns.reports import counts
from webapp.clock import now
from webapp.consent.gate import Category
from webapp.customers.models import Customer
from webapp.extensions import db


@bp.get("/campaigns")
@bearer(Role.VIEWER)
def list_campaigns() -> Response:
    """The newest first; messages that somebody sent to try a campaign are none."""
    bodies.only_known(request.args, pagination.PARAMETERS)
    part = pagination.wanted()
    query = select(Campaign).where(Campaign.test_of_id.is_(None))
    query = query.where(Campaign.id < part.after) if part.after else query
    rows = list(db.session.scalars(query.order_by(Campaign.id.desc()).limit(part.limit + 1)))
    each = counts.of_each([campaign.id for campaign in rows])
    return jsonify(
        pagination.answer(
            rows,
            part,
            lambda campaign: campaign.id,
            lambda campaign: campaign_shapes.campaign(campaign, each[campaign.id]),
        )
    )


@bp.post("/campaigns")
@bearer(Role.MANAGER)
def create_campaign() -> tuple[Response, int, dict[str, str]]:
    campaign = _created(wishes.read(bodies.json_object(wishes.FIELDS)))
    answer = shown(campaign)
    db.session.commit()
    return jsonify(answer), 201, {"Location": url_for(".show_campaign", campaign_id=answer["id"])}


@bp.get("/campaigns/<campaign_id>")
@bearer(Role.VIEWER)
def show_campaign(campaign_id: str) -> Response:
    return jsonify(shown(present(campaign_id)))


@bp.get("/campaigns/<campaign_id>/audience")
@bearer(Role.VIEWER)
def show_audience(campaign_id: str) -> Response:
    """As it stands now. Without a template the strictest rule counts."""
    campaign = present(campaign_id)
    category = campaign.template.counts_as if campaign.template else Category.MARKETING
    return jsonify(audience.preview(campaign, category, now()).to_json())


@bp.get("/campaigns/<campaign_id>/deliveries")
@bearer(Role.VIEWER)
def list_deliveries(campaign_id: str) -> Response:
    bodies.only_known(request.args, pagination.PARAMETERS)
    part = pagination.wanted()
    query = select(Delivery, Customer.phone_display).join(Customer, Customer.id == Delivery.customer_id)
    campaign = present(campaign_id)
    query = query.where(Delivery.campaign_id == campaign.id, Delivery.id > (part.after or 0))
    rows = list(db.session.execute(query.order_by(Delivery.id).limit(part.limit + 1)))
    return jsonify(
        pagination.answer(
            rows,
            part,
            lambda row: row[0].id,
            lambda row: campaign_shapes.delivery(*row, campaign.launched_at),
        )
    )


def present(campaign_id: str) -> Campaign:
    """The campaign whose id stands in the address; 404 for anything else."""
    number = pagination.whole_number(campaign_id, pagination.LARGEST_ID) or abort(404)
    return db.session.get(Campaign, number) or abort(404)


def shown(campaign: Campaign) -> dict[str, object]:
    return campaign_shapes.campaign(campaign, counts.of(campaign.id))


def _created(wish: Wish) -> Campaign:
    """All of it in one transaction: of a campaign that is refused nobody stays behind."""
    moment = now()
    campaign = lifecycle.create(
        wish.name, actor=current_actor(), now=moment, template_id=wish.template_id,
        parameters=wish.parameters, audience=wish.audience, pace=wish.pace,
    )  # fmt: skip
    db.session.add_all(
        CampaignPerson(campaign_id=campaign.id, customer_id=customer_id, excluded=False)
        for customer_id in phones.customers(wish.phones, moment)
    )
    db.session.flush()
    return campaign
