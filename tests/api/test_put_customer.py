"""PUT customers: created or updated by identity, checked by type, and never a change of consent."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.api.programs import Program, on_record, says_stop
from tests.factories import NOON
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.models import AttributeKey, AttributeType, Customer
from webapp.database import writing
from webapp.extensions import db

PHONE, WITHOUT_NINE = "+55 11 98765-4321", "551187654321"


def count(app: Flask, model: Any) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model))


@pytest.mark.parametrize("identity", [{"phone": PHONE}, {"wa_id": WITHOUT_NINE}, {"user_id": "US.1349"}])
def test_an_unknown_identity_creates_a_customer_without_a_record(agent: Program, identity: dict) -> None:
    response = agent.put("/customers", {**identity, "name": "Ana"})
    assert response.status_code == 201
    assert response.json["status"] == "unknown"
    path = response.headers["Location"].removeprefix("/api/v1")
    assert agent.get(path).json == response.json
    assert agent.put("/customers", identity).status_code == 200


@pytest.mark.parametrize(
    ("identity", "why"),
    [
        ({"phone": "5511987654321"}, "another writing of the number"),
        ({"phone": WITHOUT_NINE}, "the number without the ninth digit"),
        ({"wa_id": WITHOUT_NINE}, "the id that WhatsApp made of the number"),
    ],
)
def test_a_known_identity_updates_its_customer(app: Flask, agent: Program, identity: dict, why: str) -> None:
    customer_id = on_record(app, phone=PHONE)
    response = agent.put("/customers", {**identity, "name": "Ana Souza Lima"})
    assert response.status_code == 200, why
    assert (response.json["id"], response.json["name"]) == (customer_id, "Ana Souza Lima")
    assert count(app, Customer) == 1


def test_a_number_is_learned_for_a_customer_who_was_known_by_its_variant_only(agent: Program) -> None:
    assert agent.put_customer(wa_id=WITHOUT_NINE)["phone"] == "+551187654321"
    assert agent.put_customer(phone=PHONE)["phone"] == "+5511987654321"


def test_what_is_not_sent_or_null_stays(agent: Program) -> None:
    before = agent.put_customer(phone=PHONE, name="Ana", tags=["vip"], attributes={"city": "Recife"})
    assert agent.put_customer(phone=PHONE) == before
    assert agent.put_customer(phone=PHONE, name=None, tags=None, attributes=None) == before


def test_an_empty_name_clears_nothing(agent: Program) -> None:
    agent.put_customer(phone=PHONE, name="Ana")
    assert agent.put_customer(phone=PHONE, name="  \n")["name"] == "Ana"


def test_given_tags_replace_and_given_attributes_merge(agent: Program) -> None:
    agent.put_customer(phone=PHONE, tags=["vip", "summer"], attributes={"city": "Recife", "orders": 3})
    customer = agent.put_customer(phone=PHONE, tags=["VIP", "new"], attributes={"orders": 4, "gold": True})
    assert customer["tags"] == ["new", "vip"]
    assert customer["attributes"] == {"city": "Recife", "gold": True, "orders": 4}
    assert agent.put_customer(phone=PHONE, tags=[])["tags"] == []


def test_null_removes_an_attribute_and_defines_none(app: Flask, agent: Program) -> None:
    agent.put_customer(phone=PHONE, attributes={"city": "Recife"})
    assert agent.put_customer(phone=PHONE, attributes={"City": None, "other": None})["attributes"] == {}
    assert count(app, AttributeKey) == 1


def test_a_new_attribute_gets_its_type_from_its_first_value(app: Flask, agent: Program) -> None:
    values = {
        "text": "Recife",
        "day as text": "2026-03-31",
        "number": 3,
        "number with decimals": 2.5,
        "boolean": True,
        "json object": {"size": [1, None]},
        "json list": ["a"],
    }
    assert agent.put_customer(phone=PHONE, attributes=values)["attributes"] == values
    with app.app_context():
        types = {name: attributes.find(name).type for name in values}
    assert types == {
        "text": "text", "day as text": "text", "number": "number", "number with decimals": "number",
        "boolean": "boolean", "json object": "json", "json list": "json",
    }  # fmt: skip


OF_ANOTHER_TYPE: list[tuple[str, Any, str]] = [
    ("number", "three", "number"),
    ("number", True, "number"),
    ("number", 10**400, "number"),
    ("boolean", 1, "boolean"),
    ("boolean", "yes", "true"),
    ("text", 3, "text"),
    ("text", {"a": 1}, "text"),
    ("date", "31.3.2026", "2026-03-31"),
    ("date", 20260331, "date"),
    ("time", "25:00", "14:30"),
    ("datetime", "2026-03-31T14:30", "zone"),
    ("json", {"a": "x" * 4000}, "4,000"),
]


def test_a_value_of_another_type_is_422_with_a_sentence(app: Flask, agent: Program) -> None:
    with app.app_context(), writing():
        for type in AttributeType:
            attributes.define(f"a {type}", type)
        db.session.commit()
    for type, value, word in OF_ANOTHER_TYPE:
        response = agent.put("/customers", {"phone": PHONE, "attributes": {f"a {type}": value}})
        assert response.status_code == 422, (type, value)
        (error,) = response.json["errors"]
        assert error["field"] == f"attributes.a {type}"
        assert word in error["detail"]
    assert count(app, Customer) == 0


def test_all_values_that_do_not_fit_are_named_at_once(agent: Program) -> None:
    agent.put_customer(phone=PHONE, attributes={"orders": 3, "gold": True})
    response = agent.put("/customers", {"phone": PHONE, "attributes": {"orders": "x", "gold": "y"}})
    assert [error["field"] for error in response.json["errors"]] == ["attributes.orders", "attributes.gold"]


UNFIT: list[tuple[Any, str, str]] = [
    ({}, "phone", "nobody is meant"),
    ({"name": "Ana"}, "phone", "a name is no identity"),
    ({"phone": PHONE, "user_id": "US.1"}, "phone", "two identities may be two people"),
    ({"phone": "12"}, "phone", "too short for a number"),
    ({"phone": "call me"}, "phone", "no digits"),
    ({"phone": ""}, "phone", "an empty number"),
    ({"phone": "+55 11 98765-4321" * 1000}, "phone", "far too long"),
    ({"phone": 5511987654321}, "phone", "a number that is no text"),
    ({"wa_id": "55119x"}, "wa_id", "letters in a WhatsApp id"),
    ({"wa_id": "1" * 21}, "wa_id", "a WhatsApp id that is too long"),
    ({"user_id": "US.\x00"}, "user_id", "a NUL"),
    ({"user_id": "US.\ud800"}, "user_id", "half a character"),
    ({"user_id": "x" * 151}, "user_id", "a user id that is too long"),
    ({"phone": PHONE, "name": ["Ana"]}, "name", "a list is no name"),
    ({"phone": PHONE, "tags": "vip"}, "tags", "text is no list of tags"),
    ({"phone": PHONE, "tags": ["vip", 3]}, "tags[1]", "a number is no tag"),
    ({"phone": PHONE, "tags": ["x" * 61]}, "tags[0]", "a tag that is too long"),
    ({"phone": PHONE, "tags": ["\ud800"]}, "tags[0]", "half a character"),
    ({"phone": PHONE, "tags": ["x"] * 101}, "tags", "too many tags at once"),
    ({"phone": PHONE, "attributes": []}, "attributes", "a list is no object"),
    ({"phone": PHONE, "attributes": {"a:b": 1}}, "attributes.a:b", "URLs part key and value by it"),
    ({"phone": PHONE, "attributes": {"": 1}}, "attributes.", "an attribute without a name"),
    ({"phone": PHONE, "attributes": {"a": "\x00"}}, "attributes.a", "a NUL"),
    ({"phone": PHONE, "attributes": {"a": {"b": "\ud800"}}}, "attributes.a", "half a character"),
    ({"phone": PHONE, "attributes": {"a": ""}}, "attributes.a", "an empty value is no value"),
    ({"phone": PHONE, "status": "opted_out"}, "status", "ignored in silence a stop would be lost"),
]  # fmt: skip


def test_a_body_that_does_not_fit_is_422_and_changes_nothing(app: Flask, agent: Program) -> None:
    for body, field, why in UNFIT:
        response = agent.put("/customers", body)
        assert response.status_code == 422, why
        assert response.json["errors"][0]["field"] == field
    assert count(app, Customer) == 0
    assert count(app, AttributeKey) == 0


@pytest.mark.parametrize("status", [Status.OPTED_OUT, Status.OPTED_IN, Status.UNKNOWN])
def test_no_update_touches_consent(app: Flask, agent: Program, status: Status) -> None:
    customer_id = on_record(app, phone=PHONE, status=status)
    events = count(app, ConsentEvent)
    agent.put_customer(phone=PHONE, name="opted_in", tags=["opted_in"], attributes={"consent": "opted_in"})
    assert agent.get(f"/customers/{customer_id}").json["status"] == status
    assert count(app, ConsentEvent) == events


def test_a_new_form_of_a_number_does_not_leave_an_opt_out_behind(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, phone=PHONE, status=Status.OPTED_IN)
    says_stop(app, customer_id, NOON)
    assert agent.put_customer(phone=WITHOUT_NINE)["status"] == "opted_out"
    assert agent.reasons("MARKETING", PHONE, WITHOUT_NINE) == ["opted_out", "opted_out"]


def test_hostile_names_come_back_as_the_text_they_are(agent: Program) -> None:
    name = '<script>alert(1)</script> =HYPERLINK("x") {{7*7}} \'; DROP TABLE customers; --'
    assert agent.put_customer(phone=PHONE, name=name)["name"] == name
    assert agent.put_customer(phone=PHONE, name="A\x00n\ud800a")["name"] == "A n a"
