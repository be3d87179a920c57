"""Whatever goes wrong below the API's address is a problem (RFC 9457) that says what, and changes nothing."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import InterfaceError, TimeoutError

from tests.api.programs import Program, on_record
from webapp.accounts.roles import Role
from webapp.api.auth import bearer
from webapp.consent.models import ConsentEvent
from webapp.customers.models import Customer
from webapp.database import open_engine, writing
from webapp.extensions import db

PHONE = "+55 11 98765-4321"


def check(response: Any, status: int) -> dict[str, Any]:
    """The problem, after a look at its form."""
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    problem = response.get_json(force=True)
    assert problem["status"] == status
    assert all(isinstance(problem[member], str) for member in ("type", "title", "detail"))
    assert problem["detail"]
    return problem


def test_an_address_that_does_not_exist_is_a_problem_for_everybody(app: Flask, agent: Program) -> None:
    for path in ("", "/", "/customer", "/customers/", "/customers/1/consents", "/openapi.yaml"):
        check(agent.get(path), 404)
    check(app.test_client().get("/api/v1/nothing"), 404)


def test_an_address_elsewhere_stays_a_page(app: Flask) -> None:
    for path in ("/nothing", "/api/v2/customers", "/api/v1x"):
        response = app.test_client().get(path, headers={"Accept": "text/html"})
        assert (response.status_code, response.mimetype) == (404, "text/html"), path


def test_another_method_is_405_with_those_that_are_known(agent: Program) -> None:
    response = agent.post("/customers", {})
    check(response, 405)
    assert {"GET", "PUT"} <= {method.strip() for method in response.headers["Allow"].split(",")}


def test_a_body_that_is_not_declared_as_json_is_415(agent: Program) -> None:
    for content_type in (None, "text/plain", "application/x-www-form-urlencoded", "text/json"):
        check(agent.put("/customers", data=json.dumps({"phone": PHONE}), content_type=content_type), 415)


DEEP = 100_000
NO_JSON: list[tuple[bytes, str]] = [
    (b"", "nothing"),
    (b"{", "broken off"),
    (b"phone=5511987654321", "a form"),
    (b"\xff\xfe{}", "no UTF-8"),
    (b'{"phone": "\xc3("}', "broken UTF-8"),
    (b'{"attributes": {"a": NaN}}', "NaN is no JSON"),
    (b'{"attributes": {"a": -Infinity}}', "neither is infinity"),
    (b'{"attributes": {"a": 1e999}}', "a number that would become infinity"),
    (b'{"attributes": {"a": ' + b"9" * 5000 + b"}}", "a number of 5,000 digits"),
    (b'{"status": "opted_out", "status": "opted_in"}', "a field that stands twice"),
    (b'{"attributes": {"a": 1, "a": 2}}', "one that stands twice deeper in it"),
    (b'{"attributes": ' + b"[" * DEEP + b"]" * DEEP + b"}", "nested 100,000 times"),
    (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "objects nested 100,000 times"),
]


@pytest.mark.parametrize("path", ["/customers", "/customers/1/consent", "/decisions"])
def test_a_body_that_is_no_json_is_400(app: Flask, agent: Program, path: str) -> None:
    send = agent.put if path == "/customers" else agent.post
    for body, why in NO_JSON:
        problem = check(send(path, data=body, content_type="application/json"), 400)
        assert len(problem["detail"]) < 200, why


@pytest.mark.parametrize("path", ["/customers", "/customers/1/consent", "/decisions"])
def test_json_that_is_no_object_is_422(agent: Program, path: str) -> None:
    send = agent.put if path == "/customers" else agent.post
    for body in (None, [], "text", 1, True, [[]], [{}]):
        check(send(path, data=json.dumps(body), content_type="application/json"), 422)


def test_a_body_of_five_megabytes_is_413(agent: Program) -> None:
    check(agent.put("/customers", {"phone": PHONE, "name": "x" * 5_000_000}), 413)


def test_fields_that_do_not_exist_are_named_and_not_repeated_at_length(agent: Program) -> None:
    problem = check(agent.put("/customers", {"x" * 5000: 1, "\ud800": 2}), 422)
    assert len(problem["errors"]) == 2
    assert len(problem["errors"][0]["field"]) < 100


HOSTILE: list[Any] = [
    None, True, 0, -1, 2**63, 10**300, 1.5, "", "\x00", "\ud800", "x" * 100_000, [], [None], {}, {"": None},
    [[[[[[]]]]]], {"$ne": 1}, "' OR 1=1 --", "${jndi:ldap://x}",
]  # fmt: skip
FIELDS = [
    ("/customers", ("phone", "wa_id", "user_id", "name", "tags", "attributes")),
    ("/customers/1/consent", ("status", "evidence", "given_at")),
    ("/decisions", ("category", "recipients")),
]
FIT: dict[str, dict[str, Any]] = {
    "/customers": {"phone": PHONE},
    "/customers/1/consent": {"status": "opted_out"},
    "/decisions": {"category": "MARKETING", "recipients": [PHONE]},
}


@pytest.mark.parametrize(("path", "fields"), FIELDS)
def test_no_value_in_any_field_is_a_crash(
    app: Flask, agent: Program, path: str, fields: tuple[str, ...]
) -> None:
    on_record(app)
    send = agent.put if path == "/customers" else agent.post
    for field in fields:
        for value in HOSTILE:
            response = send(path, {**FIT[path], field: value})
            assert response.status_code in (200, 201, 404, 422), (field, value)
            if response.status_code == 422:
                check(response, 422)


def test_a_crash_is_500_without_its_reason(app: Flask, agent: Program) -> None:
    def crash() -> None:
        raise RuntimeError("the password is swordfish")

    app.view_functions["api.list_customers"] = bearer(Role.VIEWER)(crash)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    response = agent.get("/customers")
    check(response, 500)
    assert "swordfish" not in response.text


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Somebody else writes and does not come to an end."""
    engine = open_engine(url)
    with writing(), engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE customers, consent_events, send_decisions"))
        yield
    engine.dispose()


@pytest.fixture
def impatient(app: Flask) -> None:
    """The application waits for locks a tenth of a second only."""
    with app.app_context():
        engine = db.engine
        engine.dispose()
    sqlite = engine.dialect.name == "sqlite"

    @event.listens_for(engine, "connect")
    def wait_briefly(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout = 100" if sqlite else "SET lock_timeout = 100")
        connection.commit()


@pytest.mark.usefixtures("impatient")
def test_a_locked_database_is_503_and_nothing_is_changed(
    app: Flask, agent: Program, database_url: str
) -> None:
    customer_id = on_record(app)
    with locked(database_url):
        for response in (
            agent.opt_out(customer_id),
            agent.put("/customers", {"phone": PHONE}),
            agent.post("/decisions", {"category": "MARKETING", "recipients": [PHONE]}),
        ):
            check(response, 503)
            assert response.headers["Retry-After"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(ConsentEvent)) == 0
        assert db.session.scalar(select(func.count()).select_from(Customer)) == 1


@pytest.mark.parametrize("fault", [TimeoutError("crowded"), InterfaceError("gone", None, Exception("gone"))])
def test_a_crowded_database_and_one_that_is_gone_are_503_as_well(
    app: Flask, agent: Program, fault: Exception
) -> None:
    def refuse(*_: Any) -> None:
        raise fault

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", refuse)
    try:
        response = agent.get("/customers")
    finally:
        event.remove(engine, "checkout", refuse)
    check(response, 503)
    assert response.headers["Retry-After"]


class SlowLine(io.BytesIO):
    """A body of which each part comes only after somebody else could write to the database."""

    def __init__(self, url: str, content: bytes) -> None:
        super().__init__(content)
        self._url = url
        self.parts = 0

    def readinto(self, buffer: Any) -> int:
        self.parts += 1
        with locked(self._url):
            return super().readinto(buffer)


@pytest.mark.usefixtures("impatient")
def test_no_lock_is_held_while_a_body_comes_in_slowly(app: Flask, agent: Program, database_url: str) -> None:
    customer_id = on_record(app)
    body = json.dumps({"status": "opted_out"}).encode()
    line = SlowLine(database_url, body)
    response = agent.post(
        f"/customers/{customer_id}/consent",
        input_stream=line,
        content_type="application/json",
        content_length=len(body),
    )
    assert (response.status_code, line.parts > 0) == (201, True)
