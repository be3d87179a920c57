"""What a restored backup says of campaigns is old: what waited then may have been sent since. Nothing of it
is sent again by itself, and what was to start by itself waits for a person. The caller commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from webapp.campaigns.models import Campaign, CampaignStatus, Delivery, DeliveryState, Sending
from webapp.consent.models import Confirmation
from webapp.extensions import db

RESTORED = "restored"
"""Why, as a word for programs."""
PAUSED = (
    "This desk was restored from a backup. Whatever of this campaign waited then may have been sent "
    "since: it is listed as unknown and is not sent again."
)
CUT_OFF = (
    "This desk was restored from a backup of the moment in which this campaign’s audience was written down; "
    "the rest of it may have been sent since."
)
MISSED = (
    "This desk was restored from a backup, and the campaign may have been sent since: look in WhatsApp first."
)


def hold_back(backup_at: datetime, now: datetime) -> dict[str, int]:
    """Sending is off until somebody confirms it; how many deliveries and confirmations are in doubt now, how
    many campaigns were paused, cancelled and taken off their time, and how many drafts somebody has to think
    of."""
    db.session.execute(update(Sending).values(restored_from=backup_at))
    deliveries = _moved(
        Delivery, Delivery.state.in_((DeliveryState.QUEUED, DeliveryState.SENDING)),
        state=DeliveryState.UNKNOWN, reason=RESTORED,
    )  # fmt: skip
    half = Campaign.launched_at.is_not(None) & Campaign.audience_done_at.is_(None)
    under_way = Campaign.status.in_((CampaignStatus.RUNNING, CampaignStatus.PAUSED))
    return {
        "deliveries": deliveries,
        "cancelled": _moved(Campaign, under_way & half, status=CampaignStatus.CANCELLED, finished_at=now,
                            pause_code=RESTORED, pause_reason=CUT_OFF),
        "paused": _moved(Campaign, Campaign.status == CampaignStatus.RUNNING, status=CampaignStatus.PAUSED,
                         paused_at=now, paused_by="system", pause_code=RESTORED, pause_reason=PAUSED,
                         pump_token=None, pump_until=None),
        "missed": _moved(Campaign, Campaign.status == CampaignStatus.SCHEDULED, missed_at=now,
                         pause_code=RESTORED, pause_reason=MISSED),
        "drafts": db.session.scalar(select(func.count()).where(_draft())) or 0,
        "confirmations": _moved(Confirmation, Confirmation.state.in_(("waiting", "sending")),
                                state="unknown", reason=RESTORED),
    }  # fmt: skip


def _draft() -> ColumnElement[bool]:
    return (Campaign.status == CampaignStatus.DRAFT) & Campaign.test_of_id.is_(None)


def _moved(model: Any, which: ColumnElement[bool], **values: Any) -> int:
    made = db.session.execute(
        update(model).where(which).values(**values).execution_options(synchronize_session=False)
    )
    return made.rowcount
