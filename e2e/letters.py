"""Dead letters and a word of WhatsApp's about the account, for the page Status of the journeys' desk."""

import json
from datetime import datetime, timedelta

from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.inbound import inbound
from webapp.whatsapp.inbound.inbound import Business
from webapp.whatsapp.models import InboundMessage


def stage(now: datetime) -> None:
    """A message without a sender, a delivery that is no JSON, and a lower messaging limit."""
    broken = {"field": "messages", "value": {"messages": [{"id": "wamid.x", "type": "text", "from": None}]}}
    limit = {
        "field": "phone_number_quality_update",
        "value": {"event": "DOWNGRADE", "current_limit": "TIER_2K"},
    }
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [broken, limit]}]}
    with writing():
        inbound.receive([json.dumps(body).encode()], Business(), now - timedelta(hours=3))
        inbound.receive([b"{not json"], Business(), now - timedelta(hours=2))
        db.session.commit()


def a_dead_stop(number: str, now: datetime) -> int:
    """Somebody wrote STOP when a fault was in the way, which is gone now; the id of the item."""
    said = {"from": number, "id": f"wamid.{number}", "type": "text", "text": {"body": "STOP"}}
    message = InboundMessage(
        key=f"message:wamid.{number}", kind="text", field="messages", raw=json.dumps(said).encode(),
        received_at=now, failure="could not be applied: ValueError",
    )  # fmt: skip
    with writing():
        db.session.add(message)
        db.session.commit()
        return message.id
