"""What is on the wire in this moment."""

from collections.abc import Iterable

from sqlalchemy import func, select

from webapp.campaigns.models import Delivery, DeliveryState
from webapp.customers import on_the_way
from webapp.extensions import db


@on_the_way.counted_by
def on_the_wire(customer_ids: Iterable[int]) -> int:
    """Messages to these customers that have started and of which nothing was heard yet."""
    theirs = Delivery.customer_id.in_(list(customer_ids)), Delivery.state == DeliveryState.SENDING
    return db.session.scalar(select(func.count()).where(*theirs)) or 0
