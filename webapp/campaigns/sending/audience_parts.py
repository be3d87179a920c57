"""The audience of a large campaign, written down in parts before its first message starts.

Whom it means is read in a transaction that keeps nobody from writing; each part is one short transaction, so
that a webhook never waits for a million rows. State lives in the rows: whatever dies here leaves the lowest
ids written, and the next one goes on behind them.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from flask import Flask
from sqlalchemy import select, update

from webapp import fault_points
from webapp.campaigns import audience, lifecycle
from webapp.campaigns.audience import Named
from webapp.campaigns.models import Campaign, CampaignStatus
from webapp.campaigns.sending import claims
from webapp.consent.gate import Category
from webapp.extensions import db
from webapp.transactions import committed

LOST = "audience"
"""Why it is paused, as a word for programs."""
LEASE = timedelta(seconds=60)
"""Whoever writes is thought to live so long after its last part."""


def write_down(app: Flask, campaign_id: int, clock: Callable[[], datetime]) -> None:
    """Write what is not written yet; nothing when all is, when another one is at it, or when the campaign
    does not run."""
    token = secrets.token_hex(8)
    if not committed(app, partial(_take, campaign_id, token, clock())):
        return
    with app.app_context():
        people = _named(campaign_id, clock())
        db.session.rollback()
        lost = audience.lost(db.session.get_one(Campaign, campaign_id).audience)
    if lost:  # since the launch, or while it was read: whoever was to be left out would get it
        sentence = f"{' '.join(lost)} Nobody got it yet: cancel it and send a copy."
        committed(app, partial(lifecycle.hold_one, campaign_id, LOST, sentence, clock()))
        return
    for part in people.parts():
        if not committed(app, partial(_write, campaign_id, token, part, clock())):
            return
        fault_points.reached("audience.committed")
    committed(app, partial(_end, campaign_id, token, clock()))


def _take(campaign_id: int, token: str, now: datetime) -> bool:
    taken = db.session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING,
            Campaign.audience_done_at.is_(None),
            claims.without_pump(now),
        )
        .values(pump_token=token, pump_until=now + LEASE)
    )  # fmt: skip
    return taken.rowcount == 1


def _named(campaign_id: int, now: datetime) -> Named:
    campaign = db.session.get_one(Campaign, campaign_id)
    return audience.named(campaign, _category(campaign), now)


def _write(campaign_id: int, token: str, part: Named, now: datetime) -> bool:
    """Whether it is still ours to write, and was."""
    campaign = _ours(campaign_id, token)
    if campaign is None:
        return False
    audience.write(campaign, _category(campaign), part, now)
    campaign.pump_until = now + LEASE
    fault_points.reached("audience.stored")
    return True


def _end(campaign_id: int, token: str, now: datetime) -> None:
    if campaign := _ours(campaign_id, token):
        campaign.audience_done_at = now
        campaign.pump_token = campaign.pump_until = None


def _ours(campaign_id: int, token: str) -> Campaign | None:
    """The campaign, locked, while it runs and nobody took over: pausing and cancelling count at once."""
    ours = (
        Campaign.id == campaign_id, Campaign.status == CampaignStatus.RUNNING, Campaign.pump_token == token,
    )  # fmt: skip
    return db.session.scalar(select(Campaign).where(*ours).with_for_update(key_share=True))


def _category(campaign: Campaign) -> Category:
    return Category.of(campaign.category)
