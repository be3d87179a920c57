"""How campaigns and their deliveries look in JSON."""

from datetime import datetime
from typing import Any

from webapp.api.auth import masked
from webapp.api.shapes import instant, phone
from webapp.campaigns import lifecycle
from webapp.campaigns.models import Campaign, CampaignStatus, Delivery, Template
from webapp.campaigns.reports.counts import Counts
from webapp.campaigns.reports.decided import decided_at


def campaign(campaign: Campaign, counts: Counts) -> dict[str, Any]:
    template = campaign.template
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "category": _category(campaign, template),
        "template": _template(template) if template else None,
        "pace": campaign.pace,
        "counts": counts.states,
        "suppressed": counts.suppressed,
        "pause_code": campaign.pause_code,
        "pause_reason": campaign.pause_reason,
        "created_at": instant(campaign.created_at),
        "scheduled_at": instant(campaign.scheduled_at),
        "launched_at": instant(campaign.launched_at),
        "finished_at": instant(campaign.finished_at),
    }


def delivery(delivery: Delivery, display: str, launched_at: datetime | None) -> dict[str, Any]:
    """`launched_at` is its campaign's.

    WhatsApp's message ids carry the phone number in base64, so that a viewer does not get them."""
    return {
        "customer_id": delivery.customer_id,
        "phone": phone(display),
        "state": delivery.state,
        "reason": delivery.reason,
        "error_code": delivery.error_code,
        "wamid": None if masked() else delivery.wamid,
        "decided_at": instant(decided_at(delivery, launched_at)),
        "category": delivery.gate_category,
        "consent": delivery.gate_status,
        "consent_event": delivery.gate_event_id,
        "platform_stop": delivery.gate_stopped,
        "on_hold": delivery.gate_held,
        "unknown_allowed": delivery.gate_unknown_allowed,
        "started_at": instant(delivery.started_at),
        "sent_at": instant(delivery.sent_at),
        "delivered_at": instant(delivery.delivered_at),
        "read_at": instant(delivery.read_at),
        "failed_at": instant(delivery.failed_at),
        "after_opt_out": delivery.after_opt_out,
    }


def _category(campaign: Campaign, template: Template | None) -> str | None:
    """The one that consent is asked for at the next message; of what is over, the one that it went by."""
    over = campaign.status in (CampaignStatus.FINISHED, CampaignStatus.CANCELLED)
    if template is None or (over and campaign.category):
        return campaign.category
    return lifecycle.stricter(campaign.category, template)


def _template(template: Template) -> dict[str, str]:
    return {"name": template.name, "language": template.language}
