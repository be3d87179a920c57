"""What somebody wrote to us last, read from the messages as they were kept."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.content import emoji, statement, tap, type_of
from webapp.whatsapp.webhook.reading import Malformed, clean

FROM_PEOPLE = ("messages", "standby")
NO_MESSAGES = ("status", "unread", "error")
KINDS = {
    "voice": "Voice note",
    "audio": "Sound file",
    "image": "Picture",
    "video": "Video",
    "document": "Document",
    "sticker": "Sticker",
    "location": "Place",
    "contacts": "Contact card",
    "order": "Order",
    "unsupported": "Message that WhatsApp does not pass on",
    "revoke": "Deleted a message",
}


@dataclass(frozen=True)
class Inbound:
    """One message: its words, or what it was when it had none."""

    words: str
    kind: str
    at: datetime


def last_of(customer_ids: Collection[int], most: int) -> dict[int, list[Inbound]]:
    """The last messages of each of these customers, newest first; one query, however many they are."""
    newest = func.row_number().over(
        partition_by=InboundMessage.customer_id, order_by=InboundMessage.id.desc()
    )
    ranked = (
        select(InboundMessage.id, newest.label("place"))
        .where(InboundMessage.customer_id.in_(customer_ids), InboundMessage.field.in_(FROM_PEOPLE))
        .where(InboundMessage.kind.not_in(NO_MESSAGES), InboundMessage.failure.is_(None))
        .subquery()
    )
    query = (
        select(InboundMessage).join(ranked, ranked.c.id == InboundMessage.id).where(ranked.c.place <= most)
    )
    found: dict[int, list[Inbound]] = defaultdict(list)
    for message in db.session.scalars(query.order_by(InboundMessage.id.desc())):
        found[message.customer_id or 0].append(_inbound(message))
    return found


def kind_in_words(kind: str) -> str:
    return KINDS.get(kind, "Message without words")


def _inbound(message: InboundMessage) -> Inbound:
    at = message.occurred_at or message.received_at
    return Inbound(clean(_words(message.raw)), kind_in_words(message.kind), at)


def _words(raw: bytes) -> str:
    """Nothing for a message without words, and for one whose words are no longer kept."""
    try:
        content = json.loads(raw)
        if type_of(content) == "reaction":
            return emoji(content)
        said, tapped = statement(content), tap(content)
    except (ValueError, Malformed, AttributeError):
        return ""
    return said.text if said else tapped.label if tapped else ""
