"""Signed deliveries to the real route, and what became of them."""

import json
import time
from collections.abc import Callable
from contextvars import Context
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.whatsapp.deliveries import a_body, a_change, a_message
from webapp.consent import ledger_check
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.signature import sign

PATH = "/webhooks/whatsapp"
SECRET = "an app secret"
TODAY = int(time.time()) - 3600
"""Seconds, an hour ago: a time in the future would count as the time of receipt."""


def post(client: FlaskClient, body: bytes | dict[str, Any]) -> TestResponse:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return apart(client.post, PATH, data=raw, headers={"X-Hub-Signature-256": sign(raw, SECRET)})


def apart(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call as a request of its own: within the test's application context it would share its session."""
    return Context().run(call, *args, **kwargs)


def deliver(app: Flask, *changes: dict[str, Any]) -> None:
    """One delivery of these changes, which has to be answered 200."""
    assert post(app.test_client(), a_body(*changes)).status_code == 200


def says(text: str, at: int = 0, message_id: str = "", **parts: Any) -> dict[str, Any]:
    """The change of one message: Joe writes `text`, `at` seconds after a moment of today."""
    usual = {"id": message_id or f"wamid.{text}{at}", "timestamp": str(TODAY + at), "text": {"body": text}}
    return a_change(messages=[a_message(**{**usual, **parts})])


def prefers(value: str, at: int = 0, **parts: Any) -> dict[str, Any]:
    """The change of one tap on WhatsApp's own setting, by Joe."""
    usual = {"wa_id": "12025550107", "category": "marketing_messages", "value": value}
    return a_change("user_preferences", user_preferences=[{**usual, "timestamp": TODAY + at, **parts}])


def fails(code: int, at: int = 0, **parts: Any) -> dict[str, Any]:
    """The change of one failed status of a message to Joe."""
    usual = {"id": f"wamid.out{code}", "status": "failed", "recipient_id": "12025550107"}
    errors = [{"code": code, "title": "Some error"}]
    return a_change(statuses=[{**usual, "timestamp": str(TODAY + at), "errors": errors, **parts}])


def moves(old: str, new: str, at: int = 0, **system: Any) -> dict[str, Any]:
    """The change of a notice that a person has another number now."""
    told = {"type": "user_changed_number", "body": "", "wa_id": new, **system}
    notice = {"from": old, "id": f"wamid.{old}{new}", "timestamp": str(TODAY + at), "type": "system"}
    return a_change(messages=[{**notice, "system": told}])


def everybody() -> list[Customer]:
    return list(db.session.scalars(select(Customer).order_by(Customer.id)))


def only_customer() -> Customer:
    [customer] = everybody()
    return customer


def kept() -> list[InboundMessage]:
    return list(db.session.scalars(select(InboundMessage).order_by(InboundMessage.id)))


def decisions() -> list[str]:
    """What was made of each item, in the order of arrival; "dead" for a dead letter."""
    return ["dead" if message.failure else message.decision for message in kept()]


def state(customer: Customer) -> tuple[str, ...]:
    """The status, and the marks that pause marketing beside it."""
    marks = {"stopped": customer.platform_stop_at, "held": customer.held_at}
    return (customer.status, *(mark for mark, since in marks.items() if since))


def the_ledger_is_whole() -> bool:
    db.session.rollback()  # the check wants a transaction of its own
    return ledger_check.first_fault() is None
