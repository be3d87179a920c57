"""Webhook bodies for tests, read from `tests/payloads` or composed piece by piece."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp.whatsapp.webhook.payloads import Item, parse

PAYLOADS = Path(__file__).parent.parent / "payloads"
RECEIVED = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)
ACCOUNT, NUMBER, BUSINESS = "210000000000001", "310000000000001", "12025550142"


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.json").read_bytes()


def a_value(**lists: Any) -> dict[str, Any]:
    metadata = {"display_phone_number": BUSINESS, "phone_number_id": NUMBER}
    return {"messaging_product": "whatsapp", "metadata": metadata, **lists}


def a_change(field: str = "messages", **lists: Any) -> dict[str, Any]:
    return {"field": field, "value": a_value(**lists)}


def a_body(*changes: Any) -> dict[str, Any]:
    return {"object": "whatsapp_business_account", "entry": [{"id": ACCOUNT, "changes": list(changes)}]}


def a_message(**parts: Any) -> dict[str, Any]:
    """Joe says STOP; `parts` override, and a part that is None is left out."""
    usual = {"from": "12025550107", "id": "wamid.1", "timestamp": "1795165200", "type": "text"}
    message = {**usual, "text": {"body": "STOP"}, **parts}
    return {key: part for key, part in message.items() if part is not None}


def items_of(body: Any) -> list[Item]:
    """The items of a body that is given as an object."""
    return parse(json.dumps(body).encode(), RECEIVED)


def item_of(message: Any, field: str = "messages", **lists: Any) -> Item:
    """The one item that a single message becomes."""
    [item] = items_of(a_body(a_change(field, messages=[message], **lists)))
    return item
