"""When it was decided whether a customer gets a campaign's message."""

from datetime import datetime

from webapp.campaigns.models import Delivery, DeliveryState
from webapp.campaigns.sending.starting import LEASE


def decided_at(delivery: Delivery, launched_at: datetime | None) -> datetime | None:
    """When the gate was last asked before sending; for who was left out earlier, the launch. None for who has
    not been asked about yet.

    The claim that asks the gate is the only one to set a lease, LEASE after its own time; a delivery keeps it
    when the message never starts, or starts again.
    """
    if delivery.lease_until:
        return delivery.lease_until - LEASE
    if delivery.started_at:
        return delivery.started_at
    return launched_at if delivery.state == DeliveryState.SUPPRESSED else None
