"""Webhook deliveries as WhatsApp makes them of what somebody does on a phone. Pure.

Source: Meta, webhooks reference for `messages`, `user_preferences`, `standby` and `history`.
"""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from webapp.simulator.acts import Business, Kind, Said, Writer
from webapp.simulator.contents import content
from webapp.whatsapp.invented import USER_IDS

DEMO_IDS = "210000000000001", "310000000000001"
"""Account and number of a desk that is not connected to WhatsApp."""
LONG_AGO = timedelta(days=60)
"""How old a message of the history is; WhatsApp shares up to 180 days."""

Value = dict[str, Any]


def delivery(business: Business, writer: Writer, said: Said) -> bytes:
    """The body of one delivery, escaped to ASCII as Meta's are; what is signed is exactly these bytes."""
    field, value = _change(business, writer, said)
    metadata = {"display_phone_number": business.number, "phone_number_id": business.phone_number_id}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": business.account_id, "changes": [{"value": value, "field": field}]}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def user_id_of(address: str) -> str:
    """The user id that goes with a number, always the same one."""
    return USER_IDS + str(int(hashlib.sha256(address.encode()).hexdigest(), 16))[:20]


def _change(business: Business, writer: Writer, said: Said) -> tuple[str, Value]:
    """The field of the change, and what its value holds beside the number that it is for."""
    match said.kind:
        case Kind.PREFERENCE:
            return "user_preferences", _with_contact(writer, user_preferences=[_preference(writer, said)])
        case Kind.MOVE:
            return "messages", {"messages": [_system(writer, said)]}
        case Kind.STANDBY:
            return "standby", {"standby": _with_contact(writer, messages=[_message(business, writer, said)])}
        case Kind.HISTORY:
            return "history", {"history": [_past(business, writer, said)]}
    return "messages", _with_contact(writer, messages=[_message(business, writer, said)])


def _with_contact(writer: Writer, **lists: list[Value]) -> Value:
    return {"contacts": [_contact(writer)], **lists}


def _contact(writer: Writer) -> Value:
    profile = _present(name=writer.name, username=writer.username)
    return {"profile": profile, **_present(wa_id=writer.wa_id), "user_id": writer.user_id}


def _message(business: Business, writer: Writer, said: Said) -> Value:
    head = {"id": said.message_id, "timestamp": _seconds(said.at)}
    return {**_sender(writer), **head, **content(business, writer, said)}


def _sender(writer: Writer) -> dict[str, str]:
    return {**_present(**{"from": writer.wa_id}), "from_user_id": writer.user_id}


def _past(business: Business, writer: Writer, said: Said) -> Value:
    """A part of the history with one message; there the sender is known by one address only."""
    sender = {"from": writer.wa_id} if writer.wa_id else {"from_user_id": writer.user_id}
    head = {"id": said.message_id, "timestamp": _seconds(said.at - LONG_AGO)}
    thread = {
        "id": writer.wa_id or writer.user_id,
        "messages": [{**sender, **head, **content(business, writer, said)}],
    }
    return {"metadata": {"phase": 1, "chunk_order": 1, "progress": 55}, "threads": [thread]}


def _preference(writer: Writer, said: Said) -> Value:
    """Its time is a number, unlike that of a message."""
    return {
        **_present(wa_id=writer.wa_id),
        "user_id": writer.user_id,
        "detail": f"User requested to {said.code} marketing messages",
        "category": "marketing_messages",
        "value": said.code,
        "timestamp": int(said.at.timestamp()),
    }


def _system(writer: Writer, said: Said) -> Value:
    """No contacts stand beside it. A change of the user id alone names no number."""
    new = said.moved_to or writer
    system = {"user_id": new.user_id, "previous_user_id": writer.user_id, "type": said.code}
    sender = {"from_user_id": writer.user_id}
    if said.code == "user_changed_number" and writer.wa_id and new.wa_id:
        words = f"User {writer.name} changed from {writer.wa_id} to {new.wa_id}"
        system, sender = {"body": words, "wa_id": new.wa_id, **system}, _sender(writer)
    head = {"id": said.message_id, "timestamp": _seconds(said.at)}
    return {**sender, **head, "system": system, "type": "system"}


def _seconds(at: datetime) -> str:
    return str(int(at.timestamp()))


def _present(**values: str | None) -> dict[str, str]:
    return {key: value for key, value in values.items() if value}
