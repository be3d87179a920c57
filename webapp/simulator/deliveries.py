"""Webhook deliveries as WhatsApp makes them of what somebody writes or taps. Pure.

Source: Meta, webhooks reference for `messages`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.whatsapp.invented import BUSINESS_NUMBER, USER_IDS

DEMO_IDS = "210000000000001", "310000000000001"
"""Account and number of a desk that is not connected to WhatsApp."""


@dataclass(frozen=True)
class Business:
    """The number that the messages go to."""

    account_id: str
    phone_number_id: str
    number: str = BUSINESS_NUMBER


@dataclass(frozen=True)
class Writer:
    """Whose phone it is. Without `wa_id` the person hides the number and is known by the user id only."""

    name: str
    wa_id: str | None
    user_id: str
    username: str | None = None


@dataclass(frozen=True)
class Said:
    """A text, or a tap on the button of a template, whose label the words are then.

    `payload` was set at sending; `answers` is the id of the message with the button.
    """

    message_id: str
    words: str
    at: datetime
    tapped: bool = False
    payload: str = ""
    answers: str = ""


def delivery(business: Business, writer: Writer, said: Said) -> bytes:
    """The body of one delivery, escaped to ASCII as Meta's are; what is signed is exactly these bytes."""
    value = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": business.number,
            "phone_number_id": business.phone_number_id,
        },
        "contacts": [_contact(writer)],
        "messages": [_message(business, writer, said)],
    }
    entry = {"id": business.account_id, "changes": [{"value": value, "field": "messages"}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def user_id_of(address: str) -> str:
    """The user id that goes with a number, always the same one."""
    return USER_IDS + str(int(hashlib.sha256(address.encode()).hexdigest(), 16))[:20]


def _contact(writer: Writer) -> dict[str, Any]:
    profile = _present(name=writer.name, username=writer.username)
    return {"profile": profile, **_present(wa_id=writer.wa_id), "user_id": writer.user_id}


def _message(business: Business, writer: Writer, said: Said) -> dict[str, Any]:
    sender = {**_present(**{"from": writer.wa_id}), "from_user_id": writer.user_id}
    return {
        **sender,
        "id": said.message_id,
        "timestamp": str(int(said.at.timestamp())),
        **_content(business, said),
    }


def _content(business: Business, said: Said) -> dict[str, Any]:
    """A template button's payload is its label, unless another one was set at sending."""
    if not said.tapped:
        return {"text": {"body": said.words}, "type": "text"}
    context = {"from": business.number, "id": said.answers or f"{said.message_id}-TEMPLATE"}
    button = {"payload": said.payload or said.words, "text": said.words}
    return {"context": context, "type": "button", "button": button}


def _present(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}
