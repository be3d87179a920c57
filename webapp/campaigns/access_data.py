"""What campaigns tell a person of themselves: segments, and messages that were sent, or were not."""

from collections.abc import Iterator

from sqlalchemy import select

from webapp.campaigns.models import Campaign, Delivery, Segment, SegmentMember, Template
from webapp.customers.access_request import ROWS_AT_ONCE, Fact, moment, told_by, who
from webapp.extensions import db


@told_by("messages_to_you")
def deliveries(ids: list[int]) -> Iterator[Fact]:
    query = (
        select(Delivery, Campaign.name, Template.name)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .outerjoin(Template, Template.id == Campaign.template_id)
        .where(Delivery.customer_id.in_(ids))
        .order_by(Delivery.id)
    )
    names = who(db.session.scalars(select(Delivery.settled_by).where(Delivery.customer_id.in_(ids))))
    for sent, campaign, template in db.session.execute(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield {
            "campaign": campaign, "template": template, "state": sent.state, "reason": sent.reason,
            "message_id": sent.wamid, "category": sent.gate_category, "started_at": moment(sent.started_at),
            "sent_at": moment(sent.sent_at), "delivered_at": moment(sent.delivered_at),
            "read_at": moment(sent.read_at), "failed_at": moment(sent.failed_at),
            "settled_by": names[sent.settled_by], "settled_why": sent.settled_why,
        }  # fmt: skip


@told_by("segments")
def segments(ids: list[int]) -> Iterator[Fact]:
    """Those into which somebody put them."""
    query = select(Segment.name).join(SegmentMember).where(SegmentMember.customer_id.in_(ids)).distinct()
    for name in db.session.scalars(query.order_by(Segment.name)):
        yield {"name": name}
