"""A program that calls the API with its token, and what it needs on record first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer
from webapp.accounts import tokens
from webapp.accounts.roles import Role
from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import Source, Status, Turn
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


def a_token(app: Flask, role: Role) -> str:
    """The secret of a new token."""
    with app.app_context(), writing():
        _, secret = tokens.create(f"a {role} program", role, actor="system", now=NOON)
        db.session.commit()
    return secret


@dataclass(frozen=True)
class Program:
    client: FlaskClient
    token: str

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/api/v1{path}", query_string=query or None, headers=self._headers)

    def put(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self._send("PUT", path, body, options)

    def post(self, path: str, body: Any = None, **options: Any) -> TestResponse:
        return self._send("POST", path, body, options)

    def put_customer(self, **profile: Any) -> dict[str, Any]:
        response = self.put("/customers", profile)
        assert response.status_code in (200, 201), response.text
        return response.json

    def opt_in(self, customer_id: int, **more: Any) -> TestResponse:
        statement = {"status": "opted_in", "evidence": "Ticked the box on the web form", **more}
        return self.post(f"/customers/{customer_id}/consent", statement)

    def opt_out(self, customer_id: int, **more: Any) -> TestResponse:
        return self.post(f"/customers/{customer_id}/consent", {"status": "opted_out", **more})

    def decide(self, category: str, *recipients: Any) -> dict[str, Any]:
        response = self.post("/decisions", {"category": category, "recipients": list(recipients)})
        assert response.status_code == 200, response.text
        return response.json

    def reasons(self, category: str, *recipients: Any) -> list[str | None]:
        return [decision["reason"] for decision in self.decide(category, *recipients)["decisions"]]

    def once(self, key: str, path: str, body: Any = None) -> TestResponse:
        """POST under an Idempotency-Key."""
        headers = {**self._headers, "Idempotency-Key": key}
        content = {} if body is None else {"json": body}
        return self.client.post(f"/api/v1{path}", headers=headers, **content)

    def _send(self, method: str, path: str, body: Any, options: dict[str, Any]) -> TestResponse:
        content = options or ({} if body is None else {"json": body})
        return self.client.open(f"/api/v1{path}", method=method, headers=self._headers, **content)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def on_record(app: Flask, **wishes: Any) -> int:
    """The id of a customer as `a_customer` makes it."""
    with app.app_context(), writing():
        return a_customer(**wishes).id


def a_draft(app: Flask, *customer_ids: int, **template: Any) -> int:
    """The id of a campaign for these customers with a template of its own."""
    with app.app_context(), writing():
        people = [db.session.get_one(Customer, customer_id) for customer_id in customer_ids]
        return a_campaign(a_template(**template), *people).id


def says_stop(app: Flask, customer_id: int, at: datetime, words: str = "STOP") -> None:
    """The customer replies with an opt-out keyword."""
    proof = Proof(channel="whatsapp", words=words, matched="STOP", message_id="wamid.HBgMNTUxMTk=")
    statement = Statement(
        Status.OPTED_OUT, Source.KEYWORD, "customer", at, stated_at=at, message_id="wamid.1", proof=proof
    )
    with app.app_context(), writing():
        ledger.record(db.session.get_one(Customer, customer_id), statement)
        db.session.commit()


def stops_in_whatsapp(app: Flask, customer_id: int) -> None:
    with app.app_context(), writing():
        customer = db.session.get_one(Customer, customer_id)
        ledger.record_platform(customer, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", NOON))
        db.session.commit()


def is_held(app: Flask, customer_id: int) -> None:
    """A message of the customer waits for review."""
    signal = Signal(Source.KEYWORD, "customer", NOON, proof=Proof(words="please stop this"))
    with app.app_context(), writing():
        holds.hold(db.session.get_one(Customer, customer_id), "a possible stop", signal)
        db.session.commit()


def changed(app: Flask, customer_id: int, **columns: Any) -> None:
    """Columns that no call of this API sets."""
    with app.app_context(), writing():
        customer = db.session.get_one(Customer, customer_id)
        for name, value in columns.items():
            setattr(customer, name, value)
        db.session.commit()
