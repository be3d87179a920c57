"""What goes out is what somebody looked at. If WhatsApp has another text of a template by now, campaigns wait
until somebody has read it. The caller commits."""

import hashlib
from datetime import datetime

from sqlalchemy import select

from webapp.campaigns.models import UNDER_WAY, Campaign, CampaignStatus, Template
from webapp.campaigns.templates.bubble import bubble
from webapp.database import compact_json
from webapp.extensions import db

TEXT = "text"
"""The code of the pause, and where `Campaign.reviewed` keeps what was looked at."""
SHOWN = ("type", "format", "text", "url", "phone_number")
"""Of a part and of a button. WhatsApp signs its examples anew each time that it is asked."""
UNREAD = "WhatsApp has another text of the template since somebody looked at it. Read it, then send."
NOW_SAYS = (
    "WhatsApp has another text of the template since somebody looked at it: “{}” Whoever did not get the "
    "campaign yet gets this one when it goes on."
)


def text_of(template: Template | None) -> str:
    """A digest of all that a customer gets to see of it."""
    parts = template.components if template else []
    shown = [[part.get(key) for key in SHOWN] for part in parts]
    buttons = [[each.get(key) for key in SHOWN] for part in parts for each in part.get("buttons") or []]
    return hashlib.sha256(compact_json([shown, buttons]).encode()).hexdigest()


def is_unread(campaign: Campaign) -> bool:
    """Whether nobody looked at the text as it is now. Nobody knows of campaigns of before it was kept."""
    seen = (campaign.reviewed or {}).get(TEXT)
    return seen is not None and seen != text_of(campaign.template)


def hold(now: datetime) -> None:
    """Campaigns under way pause and show the text; who resumes one has read it."""
    under_way = select(Campaign).where(Campaign.status.in_(UNDER_WAY)).order_by(Campaign.id)
    locked = under_way.with_for_update(key_share=True).execution_options(populate_existing=True)
    for campaign in db.session.scalars(locked):
        if is_unread(campaign):
            _show(campaign, now)
    db.session.flush()


def _show(campaign: Campaign, now: datetime) -> None:
    """One that waits already has one reason more."""
    sentence = NOW_SAYS.format(_words(campaign.template))
    if campaign.status == CampaignStatus.RUNNING:
        campaign.status, campaign.paused_at, campaign.paused_by = CampaignStatus.PAUSED, now, "system"
        campaign.pause_code, campaign.pause_reason = TEXT, sentence
    else:
        campaign.pause_reason = f"{campaign.pause_reason} {sentence}".strip()
    campaign.reviewed = (campaign.reviewed or {}) | {TEXT: text_of(campaign.template)}
    campaign.version += 1


def _words(template: Template | None) -> str:
    shown = bubble(template.components if template else [], {})
    texts = ["".join(text for text, _ in part) for part in (shown.header, shown.body)]
    return " · ".join(filter(None, [*texts, shown.footer, *(label for _, label in shown.buttons)]))
