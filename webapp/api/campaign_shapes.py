"""How campaigns and their deliveries look in JSON."""

from typing import Any

from webapp.api.auth import masked
from webapp.api.shapes import instant, phone
from webapp.campaigns.counts import Counts
from webapp.campaigns.models import Campaign, Delivery, Template


def campaign(campaign: Campaign, counts: Counts) -> dict[str, Any]:
    """`category` is the one that somebody saw at launch; before that, the one consent is asked for now."""
    template = campaign.template
    return {
        "id": campaign.id,
        "name": campaign.name,
        "status": campaign.status,
        "category": campaign.category or (template.counts_as if template else None),
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


def delivery(delivery: Delivery, display: str) -> dict[str, Any]:
    """WhatsApp's message ids carry the phone number in base64, so that a viewer does not get them."""
    return {
        "customer_id": delivery.customer_id,
        "phone": phone(display),
        "state": delivery.state,
        "reason": delivery.reason,
        "error_code": delivery.error_code,
        "wamid": None if masked() else delivery.wamid,
    }


def _template(template: Template) -> dict[str, str]:
    return {"name": template.name, "language": template.language}
