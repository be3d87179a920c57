"""What the campaigns last sent to somebody: what a reply may be about, and whether it was marketing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.campaigns.models import TAKEN, Campaign, Delivery, DeliveryState, Template
from webapp.consent.gate import Category
from webapp.extensions import db

MAY_HAVE_ARRIVED = (*TAKEN, DeliveryState.SENDING, DeliveryState.UNKNOWN)
TIME_TO_ANSWER = timedelta(days=7)
"""A message without words that comes within this time of a marketing message may be an answer to it."""
ONE_SECOND = timedelta(seconds=1)
"""WhatsApp's times have whole seconds, and ours have parts of them."""


@dataclass(frozen=True)
class LastMessage:
    """The newest message of a campaign that a customer may have seen."""

    campaign_id: int
    campaign: str
    template: str
    started_at: datetime


def last_of(customer_ids: Collection[int]) -> dict[int, LastMessage]:
    """The last message of each of these customers who got one; one query, however many they are."""
    newest = func.row_number().over(
        partition_by=Delivery.customer_id, order_by=(Delivery.started_at.desc(), Delivery.id.desc())
    )
    ranked = (
        select(Delivery.customer_id, Delivery.campaign_id, Delivery.started_at, newest.label("place"))
        .where(Delivery.customer_id.in_(customer_ids), Delivery.state.in_(MAY_HAVE_ARRIVED))
        .where(Delivery.started_at.is_not(None))
        .subquery()
    )
    query = (
        select(ranked.c.customer_id, Campaign.id, Campaign.name, Template.name, ranked.c.started_at)
        .join(Campaign, Campaign.id == ranked.c.campaign_id)
        .outerjoin(Template, Template.id == Campaign.template_id)
        .where(ranked.c.place == 1)
    )
    return {
        customer_id: LastMessage(campaign_id, campaign, template or "", started_at)
        for customer_id, campaign_id, campaign, template, started_at in db.session.execute(query)
    }


def answers_marketing(customer_ids: Collection[int], at: datetime) -> bool:
    """Whether one of these customers got a marketing message in the days before the instant `at`."""
    query = select(Delivery.id).where(
        Delivery.customer_id.in_(customer_ids),
        Delivery.state.in_(MAY_HAVE_ARRIVED),
        Delivery.gate_category == Category.MARKETING,
        Delivery.started_at > at - TIME_TO_ANSWER,
        Delivery.started_at < at + ONE_SECOND,
    )
    return db.session.scalar(query.limit(1)) is not None
