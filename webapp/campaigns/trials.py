"""What became of the last message that somebody sent to try a campaign: nothing else has a page of it."""

from dataclasses import dataclass

from sqlalchemy import select

from webapp.campaigns.models import TAKEN, Campaign, CampaignStatus, Delivery, DeliveryState
from webapp.campaigns.reports.reasons import STATES, words_of
from webapp.customers.models import Customer
from webapp.extensions import db

UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING)


@dataclass(frozen=True)
class Trial:
    """`sentence` is for people; `well`: nothing speaks against it so far."""

    sentence: str
    well: bool


def last_of(campaign: Campaign) -> Trial | None:
    newest = (
        select(Campaign, Delivery, Customer)
        .join(Delivery, Delivery.campaign_id == Campaign.id)
        .join(Customer, Customer.id == Delivery.customer_id)
        .where(Campaign.test_of_id == campaign.id)
        .order_by(Campaign.id.desc(), Delivery.id)
    )
    row = db.session.execute(newest.limit(1)).one_or_none()
    return _told(*row) if row else None


def _told(trial: Campaign, sent: Delivery, customer: Customer) -> Trial:
    head = f"Last test, to {customer.label}: "
    if trial.status == CampaignStatus.PAUSED and sent.state == DeliveryState.QUEUED:
        return Trial(f"{head}not sent. {trial.pause_reason}", well=False)
    why = words_of(sent.state, sent.reason, sent.error_code)
    sentence = f"{head}{STATES[sent.state].lower()}.{f' {why}.' if why else ''}"
    return Trial(sentence, well=sent.state in (*TAKEN, *UNDER_WAY))
