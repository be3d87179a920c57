"""Claiming deliveries: all that must hold before the statement that carries the gate, and the pace.

A message starts when its row is committed as `sending`.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select, update

from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import (
    DEFAULT_RATE,
    Campaign,
    CampaignStatus,
    Delivery,
    DeliveryState,
    Sending,
    Template,
)
from webapp.campaigns.sending import addressing
from webapp.campaigns.sending.addressing import Claimed
from webapp.campaigns.sending.pacing import Bucket
from webapp.campaigns.sending.starting import LONGEST_WAIT, Gate, start
from webapp.campaigns.windows import Window
from webapp.consent.gate import Category
from webapp.consent.models import Policy
from webapp.consent.policy import terms
from webapp.database import UtcDateTime
from webapp.extensions import db

PUMP_LEASE, LONGEST_PUMP_LEASE = timedelta(seconds=15), timedelta(minutes=2)
TEMPLATES_FRESH = timedelta(hours=12)
LONGEST_NAP = 1.0
"""Seconds. A pump looks at the kill switch at least so often."""
NOTHING_DUE_NAP = 0.25
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Claims:
    """What was claimed. `stop`: this pump has nothing more to do. `nap`: seconds until it may be worth
    while to try again."""

    rows: list[Claimed] = field(default_factory=list)
    nap: float = 0.0
    stop: bool = False
    at: float = 0.0
    """On the clock of `time.monotonic`, just before the claim."""


def without_pump(now: datetime) -> ColumnElement[bool]:
    """Nobody pumps a campaign, or writes its audience. Whoever took it for longer than anybody takes it had a
    clock that was wrong."""
    until = Campaign.pump_until
    return or_(until.is_(None), until < now, until > now + LONGEST_PUMP_LEASE)


def take_pump(campaign_id: int, token: str, now: datetime) -> bool:
    """Become the only pump of a running campaign whose audience is written; False while another one lives."""
    taken = db.session.execute(
        update(Campaign)
        .where(
            Campaign.id == campaign_id,
            Campaign.status == CampaignStatus.RUNNING,
            Campaign.audience_done_at.is_not(None),
            without_pump(now),
        )
        .values(pump_token=token, pump_until=now + PUMP_LEASE)
    )
    return taken.rowcount == 1


def leave_pump(campaign_id: int, token: str, until: datetime | None = None) -> None:
    """Be its pump no longer; `until` then nobody needs to look at it."""
    db.session.execute(
        update(Campaign)
        .where(Campaign.id == campaign_id, Campaign.pump_token == token)
        .values(pump_token=None, pump_until=until)
    )


def claim(campaign_id: int, token: str, free: int, now: datetime) -> Claims:
    """Claim as many deliveries as may start now, `free` at most. The caller commits, then sends at once."""
    sending = _locked(select(Sending), key_share=True)
    campaign = _locked(select(Campaign).where(Campaign.id == campaign_id), key_share=True)
    if campaign.status != CampaignStatus.RUNNING or campaign.pump_token != token:
        return Claims(stop=True)
    campaign.pump_until = now + PUMP_LEASE
    template = _locked(select(Template).where(Template.id == campaign.template_id), read=True)
    policy = _locked(select(Policy), read=True)
    if held := _reason_to_hold(campaign, template, sending, now):
        lifecycle.pause(campaign, actor="system", now=now, code=held[0], reason=held[1])
        return Claims(stop=True)
    category = lifecycle.stricter(campaign.category, template)
    if nap := _closed_for(category, sending, now):
        return Claims(nap=nap, stop=nap > LONGEST_NAP)
    gate = Gate(category, terms(policy, now))
    return _claim_paced(campaign, template, sending, gate, free, now)


def waiting_for(campaign_id: int, now: datetime) -> float | None:
    """Seconds until a queued delivery is due; None when none is queued."""
    wrong = Delivery.not_before > now + LONGEST_WAIT
    at_once = literal(now, UtcDateTime)
    earliest = func.min(case((wrong, at_once), else_=func.coalesce(Delivery.not_before, at_once)),
                        type_=UtcDateTime)  # fmt: skip
    due = db.session.scalar(select(earliest).where(*_queued(campaign_id)))
    return None if due is None else max(0.0, (due - now).total_seconds())


def rest_of(campaign_id: int, now: datetime) -> float | None:
    """Seconds until something of a campaign may start; None when nothing is queued."""
    due = waiting_for(campaign_id, now)
    if due is None:
        return None
    campaign = db.session.get_one(Campaign, campaign_id, populate_existing=True)
    return max(due, closed_for(campaign, now))


def closed_for(campaign: Campaign, now: datetime) -> float:
    """Seconds for which nothing of a campaign may start."""
    if campaign.template is None:
        return 0.0
    return _closed_for(lifecycle.stricter(campaign.category, campaign.template), switch.current(), now)


def _locked(query: Select[Any], **how: bool) -> Any:
    found = db.session.scalars(query.with_for_update(**how).execution_options(populate_existing=True))
    return found.one()


def _reason_to_hold(
    campaign: Campaign, template: Template, sending: Sending, now: datetime
) -> tuple[str, str] | None:
    if not template.usable:
        return "template", f"WhatsApp does not take the template now: it is {template.status.lower()}."
    if template.counts_as == Category.MARKETING != campaign.category:
        return lifecycle.CATEGORY_DRIFT, lifecycle.DRIFTED
    if changed := lifecycle.unsendable(campaign):
        return "template", f"{lifecycle.OTHER_TEXT} {changed[0]}"
    if sending.restricted_until and sending.restricted_until > now:
        return "restricted", f"WhatsApp restricts this account: {sending.restriction}"
    synced = sending.templates_synced_at
    if synced is None or now - synced > TEMPLATES_FRESH:
        return "templates", lifecycle.STALE
    return None


def _closed_for(category: Category, sending: Sending, now: datetime) -> float:
    """Seconds for which nothing may start: the kill switch, WhatsApp's wait, the send window."""
    if switch.closed(sending):
        return LONGEST_NAP * 2
    waits = [sending.wait_until if sending.wait_until and sending.wait_until < now + LONGEST_WAIT else None]
    if category == Category.MARKETING:
        waits.append(Window.of(sending).opens_after(now))
    return max((wait - now).total_seconds() for wait in [*filter(None, waits), now])


def _claim_paced(
    campaign: Campaign, template: Template, sending: Sending, gate: Gate, free: int, now: datetime
) -> Claims:
    ours = Bucket(_rate(campaign, sending), sending.bucket, sending.bucket_at).filled(now)
    own = Bucket(campaign.pace or ours.rate, campaign.bucket, campaign.bucket_at).filled(now)
    wanted = min(free, ours.whole, own.whole, MOST_AT_ONCE)
    at = time.monotonic()
    token = campaign.pump_token or ""
    rows = start(campaign.id, gate, wanted, token, now) if wanted > 0 else []
    started = [row for row in rows if row.state == DeliveryState.SENDING]
    ours, own = ours.less(len(started)), own.less(len(started))
    sending.bucket, sending.bucket_at = ours.tokens, ours.at
    campaign.bucket, campaign.bucket_at = own.tokens, own.at
    claimed = addressing.address(campaign, template, sending.marketing_endpoint, started)
    nothing_due = wanted > 0 and not rows
    nap = NOTHING_DUE_NAP if nothing_due else max(ours.seconds_to_next, own.seconds_to_next)
    return Claims(claimed, nap=min(nap, LONGEST_NAP), at=at)


def _rate(campaign: Campaign, sending: Sending) -> float:
    """What the number allows; while WhatsApp has not said, somebody's wish for more is taken."""
    return sending.rate or max(DEFAULT_RATE, campaign.pace or 0)


def _queued(campaign_id: int) -> tuple[Any, ...]:
    return Delivery.campaign_id == campaign_id, Delivery.state == DeliveryState.QUEUED
