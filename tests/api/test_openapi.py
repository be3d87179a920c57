"""The description of the API holds: its calls are the routes, and its shapes are those of real answers."""

import re
from typing import Any

from flask import Flask

from tests.api.conftest import ProgramOf
from tests.api.programs import Program, a_draft, on_record, says_stop
from tests.factories import NOON
from webapp.accounts.roles import Role
from webapp.api.blueprint import PREFIX
from webapp.consent.rules import Status

PHONE = "+55 11 98765-4321"
JSON_TYPES = {
    str: "string", int: "integer", bool: "boolean", dict: "object", list: "array", type(None): "null",
}  # fmt: skip


def description(app: Flask) -> dict[str, Any]:
    response = app.test_client().get(f"{PREFIX}/openapi.json")
    assert response.status_code == 200
    return response.json


def test_the_description_needs_no_token_and_is_openapi_3_1(app: Flask) -> None:
    assert description(app)["openapi"] == "3.1.0"


def test_every_route_is_described_and_every_description_is_a_route(app: Flask) -> None:
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX)), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    described = {(path, method) for path, calls in description(app)["paths"].items() for method in calls}
    assert described == routes


def test_every_call_says_which_token_it_needs(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        role = getattr(app.view_functions[rule.endpoint], "token_role", None)
        if role:
            path = re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix(PREFIX))
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                call = description(app)["paths"][path][method.lower()]
                assert role.value in call["description"]
                assert {"401", "403", "429", "503"} <= call["responses"].keys()


def test_every_reference_leads_to_a_shape(app: Flask) -> None:
    described = description(app)
    references = set(re.findall(r"#/components/schemas/(\w+)", repr(described)))
    assert references == described["components"]["schemas"].keys()


def test_real_answers_have_the_documented_form(app: Flask, agent: Program, program_of: ProgramOf) -> None:
    customer_id = on_record(app, phone=PHONE, status=Status.OPTED_IN)
    says_stop(app, customer_id, NOON)
    campaign_id, manager = a_draft(app, customer_id), program_of(Role.MANAGER)
    answers = [
        ("CustomerPage", agent.get("/customers", limit=1)),
        ("Customer", agent.get(f"/customers/{customer_id}")),
        ("Customer", agent.put("/customers", {"user_id": "US.1"})),
        ("ConsentEventPage", agent.get("/consent-events", limit=1)),
        ("ConsentEvent", agent.opt_out(customer_id)),
        ("Decisions", agent.post("/decisions", {"category": "MARKETING", "recipients": [PHONE, None]})),
        ("TemplatePage", agent.get("/templates")),
        ("CampaignPage", agent.get("/campaigns")),
        ("Campaign", agent.get(f"/campaigns/{campaign_id}")),
        ("Audience", agent.get(f"/campaigns/{campaign_id}/audience")),
        ("Campaign", manager.post(f"/campaigns/{campaign_id}/launch")),
        ("DeliveryPage", agent.get(f"/campaigns/{campaign_id}/deliveries")),
        ("Problem", manager.post(f"/campaigns/{campaign_id}/launch", {"at": 1})),
        ("Sending", program_of(Role.ADMIN).post("/sending", {"enabled": True})),
        ("Problem", agent.opt_in(customer_id, given_at="2026-11-20")),
        ("Problem", agent.post("/decisions", {})),
        ("Problem", agent.get("/nothing")),
    ]
    schemas = description(app)["components"]["schemas"]
    for name, response in answers:
        check(response.get_json(force=True), schemas[name], schemas, name)


def check(value: Any, schema: dict[str, Any], schemas: dict[str, Any], where: str) -> None:
    """Hold a value to the few keywords of JSON Schema that the description uses."""
    if "$ref" in schema:
        check(value, schemas[schema["$ref"].rpartition("/")[2]], schemas, where)
    elif "anyOf" in schema:
        check(value, schema["anyOf"][1 if value is None else 0], schemas, where)
    elif "oneOf" not in schema:
        check_type(value, schema, where)
        if isinstance(value, dict) and "properties" in schema:
            assert value.keys() <= schema["properties"].keys(), where
            assert set(schema.get("required", ())) <= value.keys(), where
            for name, member in value.items():
                check(member, schema["properties"][name], schemas, f"{where}.{name}")
        if isinstance(value, list):
            for member in value:
                check(member, schema["items"], schemas, f"{where}[]")


def check_type(value: Any, schema: dict[str, Any], where: str) -> None:
    assert JSON_TYPES[type(value)] in schema["type"], where
    assert value in schema.get("enum", [value]), where
