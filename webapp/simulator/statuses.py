"""Statuses of messages that this WhatsApp took: which come when, and as what delivery. Pure.

Source: Meta, statuses reference of the `messages` webhook.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from webapp.simulator.acts import Business
from webapp.simulator.conditions import Conditions, Fate
from webapp.simulator.deliveries import user_id_of
from webapp.simulator.orders import Order
from webapp.simulator.refusals import as_status_error

SENT, DELIVERED, FAILED = 0.2, 0.8, 0.6
"""Seconds after the message was taken."""
READ_BETWEEN = (4.0, 20.0)
READ_UNSEEN, OUT_OF_ORDER = 0.6, 0.15
"""Shares: read without anybody looking at this phone; delivered reported before sent."""


@dataclass(frozen=True)
class Status:
    wamid: str
    word: str
    at: datetime
    address: str
    by_user_id: bool
    callback: str | None
    category: str
    code: int | None = None


def course(
    wamid: str, order: Order, conditions: Conditions, fate: Fate, n: int, now: datetime
) -> list[tuple[float, Status]]:
    """(seconds from now, status) of message number `n`; the same number always gets the same course."""
    words = {"failed": FAILED} if fate.fails_with else _words(conditions, Random(f"simulator {n}"))
    arrivals = list(words.values())
    if len(arrivals) > 1 and Random(f"order {n}").random() < OUT_OF_ORDER:
        arrivals[:2] = arrivals[1::-1]
    return [
        (arrival, Status(wamid, word, now + timedelta(seconds=happens), order.address, order.by_user_id,
                         order.callback, order.picture.category, fate.fails_with))
        for (word, happens), arrival in zip(words.items(), arrivals, strict=True)
    ]  # fmt: skip


def _words(conditions: Conditions, dice: Random) -> dict[str, float]:
    if not conditions.receipts:
        return {}
    read = {"read": dice.uniform(*READ_BETWEEN)} if dice.random() < READ_UNSEEN else {}
    return {"sent": SENT, "delivered": DELIVERED, **read}


def delivery(business: Business, statuses: Sequence[Status]) -> bytes:
    """The body of one delivery; each status is a change of its own, for failed ones have no contacts."""
    changes = [{"value": _value(business, status), "field": "messages"} for status in statuses]
    entry = {"id": business.account_id, "changes": changes}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, separators=(",", ":")).encode("ascii")


def _value(business: Business, status: Status) -> dict[str, Any]:
    metadata = {"display_phone_number": business.number, "phone_number_id": business.phone_number_id}
    contacts = {} if status.code else {"contacts": [_contact(status)]}
    return {"messaging_product": "whatsapp", "metadata": metadata, **contacts, "statuses": [_status(status)]}


def _contact(status: Status) -> dict[str, Any]:
    if status.by_user_id:
        return {"profile": {}, "user_id": status.address}
    return {"profile": {}, "wa_id": status.address, "user_id": user_id_of(status.address)}


def _status(status: Status) -> dict[str, Any]:
    key = "recipient_user_id" if status.by_user_id else "recipient_id"
    made: dict[str, Any] = {
        "id": status.wamid,
        "status": status.word,
        "timestamp": str(int(status.at.timestamp())),
        key: status.address,
    }
    if status.callback is not None:
        made["biz_opaque_callback_data"] = status.callback
    if status.code:
        made["errors"] = [as_status_error(status.code)]
    elif status.word != "read":
        pricing = {"billable": True, "pricing_model": "PMP", "type": "regular"}
        made["pricing"] = pricing | {"category": status.category.lower()}
    return made
