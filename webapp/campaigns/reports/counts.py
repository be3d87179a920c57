"""How a campaign stands: its deliveries by state, and those left out by reason."""

from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select

from webapp.campaigns.models import TAKEN, Delivery, DeliveryState
from webapp.extensions import db

SHOWN = tuple(state.value for state in DeliveryState if state != DeliveryState.SUPPRESSED)


@dataclass(frozen=True)
class Counts:
    """Exclusive numbers: with `suppressed` they add up to the audience."""

    states: dict[str, int]
    suppressed: dict[str, int]

    @property
    def total(self) -> int:
        return self.addressed + sum(self.suppressed.values())

    @property
    def addressed(self) -> int:
        """All who were to get it when it was launched, or still are."""
        return sum(self.states.values())

    @property
    def open(self) -> int:
        """What may still be started, or is on the wire."""
        return self.states[DeliveryState.QUEUED] + self.states[DeliveryState.SENDING]


def of(campaign_id: int) -> Counts:
    return of_each([campaign_id])[campaign_id]


def of_each(campaign_ids: list[int]) -> dict[int, Counts]:
    """The counts of several campaigns in one statement."""
    counted = {id: Counts(dict.fromkeys(SHOWN, 0), {}) for id in campaign_ids}
    reason = func.coalesce(Delivery.reason, "")
    kept_reason = db.case((Delivery.state == DeliveryState.SUPPRESSED, reason), else_="")
    rows = db.session.execute(
        select(Delivery.campaign_id, Delivery.state, kept_reason, func.count())
        .where(Delivery.campaign_id.in_(campaign_ids))
        .group_by(Delivery.campaign_id, Delivery.state, kept_reason)
    )
    for campaign_id, state, why, n in rows:
        counts = counted[campaign_id]
        if state == DeliveryState.SUPPRESSED:
            counts.suppressed[why] = n
        else:
            counts.states[state] = n
    return counted


def accepted(campaign_ids: list[int]) -> dict[int, int]:
    """How many messages of each campaign WhatsApp took; one that failed afterwards had been taken, too."""
    failed_later = and_(Delivery.state == DeliveryState.FAILED, Delivery.wamid.is_not(None))
    taken = or_(Delivery.state.in_(TAKEN), failed_later)
    counted = select(Delivery.campaign_id, func.count()).where(Delivery.campaign_id.in_(campaign_ids), taken)
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(Delivery.campaign_id))}
