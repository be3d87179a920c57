"""Templates, and campaigns of them as a program asks for them."""

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from tests.api.programs import Program
from tests.campaigns.factories import GREETING, a_template
from tests.factories import NOON
from webapp.database import writing
from webapp.extensions import db

PHONE, WITHOUT_NINE, ANOTHER = "+55 11 98765-4321", "+55 11 8765-4321", "+55 21 99876-5432"
NAMED = {"name": "greeting", "language": "en_US"}
POSITIONAL = [
    {"type": "HEADER", "format": "IMAGE"},
    {"type": "BODY", "text": "Hi {{1}}, {{2}} off."},
    {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Shop", "url": "https://shop.example/{{1}}"}]},
]


def some_templates(app: Flask) -> None:
    with app.app_context(), writing():
        a_template("plain")
        a_template("greeting", components=GREETING)
        a_template("sale", "UTILITY", parameter_format="POSITIONAL", components=POSITIONAL, language="pt_BR")
        a_template("gone", removed_at=NOON)
        a_template("paused", status="PAUSED")


def count(app: Flask, table: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table))


def wish(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Spring sale",
        "template": {"name": "plain", "language": "en_US"},
        "audience": {"phones": [PHONE]},
    } | changes


def created(manager: Program, **changes: Any) -> dict[str, Any]:
    response = manager.post("/campaigns", wish(**changes))
    assert response.status_code == 201, response.text
    assert manager.get(response.headers["Location"].partition("/api/v1")[2]).json == response.json
    return response.json
