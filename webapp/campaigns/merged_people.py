"""What campaigns know of a customer who was merged into another one.

What was sent stays where it was sent, with what the gate saw then. What is queued goes to the one who stays,
unless the campaign reaches that person already.
"""

from typing import Any

from sqlalchemy import delete, select, update

from webapp.campaigns.models import CampaignPerson, Delivery, DeliveryState, SegmentMember
from webapp.consent.gate import Suppression
from webapp.customers import merging
from webapp.extensions import db

NEVER_STARTED = (DeliveryState.QUEUED, DeliveryState.SUPPRESSED, DeliveryState.CANCELLED)


@merging.moved_by
def move(gone_id: int, kept_id: int) -> None:
    _one_message_each(gone_id, kept_id)
    _move(SegmentMember, gone_id, kept_id, SegmentMember.segment_id)
    for excluded in (False, True):
        _move(
            CampaignPerson,
            gone_id,
            kept_id,
            CampaignPerson.campaign_id,
            CampaignPerson.excluded.is_(excluded),
        )


def _one_message_each(gone_id: int, kept_id: int) -> None:
    of_gone = select(Delivery.campaign_id).where(Delivery.customer_id == gone_id)
    started = of_gone.where(Delivery.state.not_in(NEVER_STARTED))
    _leave_out(kept_id, Delivery.campaign_id.in_(_apart(started)))
    of_kept = select(Delivery.campaign_id).where(Delivery.customer_id == kept_id)
    _leave_out(gone_id, Delivery.campaign_id.in_(_apart(of_kept)))
    db.session.execute(
        update(Delivery)
        .where(Delivery.customer_id == gone_id, Delivery.state == DeliveryState.QUEUED)
        .values(customer_id=kept_id)
    )


def _apart(campaigns: Any) -> list[int]:
    """Read first: a table that is being changed must not be asked in the same statement."""
    return list(db.session.scalars(campaigns))


def _leave_out(customer_id: int, where: Any) -> None:
    db.session.execute(
        update(Delivery)
        .where(Delivery.customer_id == customer_id, Delivery.state == DeliveryState.QUEUED, where)
        .values(state=DeliveryState.SUPPRESSED, reason=Suppression.DUPLICATE.value)
    )


def _move(table: Any, gone_id: int, kept_id: int, group: Any, *where: Any) -> None:
    """Membership of the one who goes becomes that of the one who stays, once."""
    has = list(db.session.scalars(select(group).where(table.customer_id == kept_id, *where)))
    db.session.execute(delete(table).where(table.customer_id == gone_id, group.in_(has), *where))
    db.session.execute(update(table).where(table.customer_id == gone_id, *where).values(customer_id=kept_id))
