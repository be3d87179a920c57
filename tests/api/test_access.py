"""Who may call what: a token in the header, nothing else."""

import re
from itertools import product

import pytest
from flask import Flask

from tests.api.conftest import ProgramOf
from tests.api.programs import Program, a_draft, a_token, on_record
from webapp.accounts import tokens
from webapp.accounts.roles import Role
from webapp.clock import now
from webapp.database import writing
from webapp.extensions import db

PHONE = "+55 11 98765-4321"
WISH = {
    "name": "Spring sale",
    "template": {"name": "spring_sale", "language": "en_US"},
    "audience": {"phones": [PHONE]},
}
CALLS = [
    ("GET", "/customers", None, Role.VIEWER, 200),
    ("GET", "/customers/1", None, Role.VIEWER, 200),
    ("GET", "/consent-events", None, Role.VIEWER, 200),
    ("PUT", "/customers", {"phone": PHONE}, Role.AGENT, 201),
    ("POST", "/customers/1/consent", {"status": "opted_out"}, Role.AGENT, 201),
    ("POST", "/decisions", {"category": "UTILITY", "recipients": []}, Role.AGENT, 200),
    ("GET", "/templates", None, Role.VIEWER, 200),
    ("GET", "/campaigns", None, Role.VIEWER, 200),
    ("GET", "/campaigns/1", None, Role.VIEWER, 200),
    ("GET", "/campaigns/1/audience", None, Role.VIEWER, 200),
    ("GET", "/campaigns/1/deliveries", None, Role.VIEWER, 200),
    ("POST", "/campaigns", WISH, Role.MANAGER, 201),
    ("POST", "/campaigns/1/launch", None, Role.MANAGER, 202),
    ("POST", "/campaigns/1/pause", None, Role.MANAGER, 202),
    ("POST", "/campaigns/1/resume", None, Role.MANAGER, 202),
    ("POST", "/campaigns/1/cancel", None, Role.MANAGER, 202),
    ("POST", "/sending", {"enabled": True}, Role.ADMIN, 200),
]


def call(program: Program, method: str, path: str, body: object):
    return program.client.open(
        f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {program.token}"}
    )


@pytest.mark.parametrize("role", Role)
def test_a_call_is_for_its_role_and_those_above(app: Flask, program_of: ProgramOf, role: Role) -> None:
    a_draft(app, on_record(app))
    program = program_of(role)
    for method, path, body, needed, success in CALLS:
        expected = success if role.includes(needed) else 403
        assert call(program, method, path, body).status_code == expected, (method, path)


def test_the_table_above_has_every_call(app: Flask) -> None:
    guarded = {
        (method, re.sub(r"<\w+>", "1", rule.rule.removeprefix("/api/v1")))
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], "token_role")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert guarded == {(method, path) for method, path, *_ in CALLS}


NO_TOKENS = [
    (None, "no token at all"),
    ("", "an empty header"),
    ("Bearer", "a scheme without a token"),
    ("Bearer ", "an empty token"),
    ("Bearer heed_nobody", "a token that nobody was given"),
    ("Bearer té=", "letters that no token has"),
    ("Basic YTpi", "another scheme"),
    ("Digest token", "a scheme of name and value"),
]


def test_a_call_without_a_token_of_ours_is_401(app: Flask) -> None:
    client = app.test_client()
    for (authorization, why), (method, path, body, *_) in product(NO_TOKENS, CALLS):
        headers = {} if authorization is None else {"Authorization": authorization}
        response = client.open(f"/api/v1{path}", method=method, json=body, headers=headers)
        assert response.status_code == 401, (why, path)
        assert response.headers["WWW-Authenticate"].startswith('Bearer realm="Heed"')
        assert response.mimetype == "application/problem+json"


def test_a_revoked_token_is_401_from_its_next_call_on(app: Flask, agent: Program) -> None:
    assert agent.get("/customers").status_code == 200
    with app.app_context(), writing():
        tokens.revoke(tokens.find(agent.token), now())
        db.session.commit()
    assert agent.get("/customers").status_code == 401


def test_the_scheme_may_be_written_in_lower_case(app: Flask) -> None:
    headers = {"Authorization": f"bearer {a_token(app, Role.VIEWER)}"}
    assert app.test_client().get("/api/v1/customers", headers=headers).status_code == 200


def test_no_call_sets_a_cookie_or_needs_a_csrf_token(app: Flask, agent: Program) -> None:
    response = agent.put("/customers", {"phone": PHONE})
    assert response.status_code == 201
    assert "Set-Cookie" not in response.headers


def test_a_viewer_sees_numbers_masked(app: Flask, viewer: Program, agent: Program) -> None:
    customer_id = on_record(app, phone=PHONE)
    assert agent.get(f"/customers/{customer_id}").json["phone"] == "+5511987654321"
    shown = viewer.get(f"/customers/{customer_id}").json["phone"]
    assert shown == viewer.get("/customers").json["items"][0]["phone"]
    assert "98765" not in shown.replace(" ", "").replace("-", "")
    assert "•" in shown


def test_a_viewer_finds_nobody_by_a_part_of_a_number(app: Flask, viewer: Program, agent: Program) -> None:
    on_record(app, phone=PHONE)
    for program, found in ((viewer, 0), (agent, 1)):
        assert len(program.get("/customers", q="98765").json["items"]) == found
        assert len(program.get("/customers", q="5511987654321").json["items"]) == 1


def test_the_ledger_names_the_token_that_recorded_a_consent(app: Flask, agent: Program) -> None:
    event = agent.opt_out(on_record(app)).json
    assert event["actor"] == "token:1"
    assert event["source"] == "api"
