"""GET customers: who is found by what, in parts, and how a customer looks."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from flask import Flask

from tests.api.programs import Program, changed, is_held, on_record, says_stop, stops_in_whatsapp
from tests.factories import NOON
from webapp.consent.rules import Status

ANA, BRUNO = "+55 11 98765-4321", "+52 55 1234 5678"


@pytest.fixture
def two_customers(app: Flask, agent: Program) -> None:
    on_record(app, name="Ana Gonçalves", phone=ANA, status=Status.OPTED_IN)
    on_record(app, name="Bruno Díaz", phone=BRUNO)
    agent.put_customer(phone=ANA, tags=["vip", "summer"], attributes={"city": "Recife", "orders": 3})
    agent.put_customer(phone=BRUNO, tags=["vip"], attributes={"city": "Puebla: centro"})


FILTERS = [
    ("", {"Ana", "Bruno"}, "no filter finds all"),
    ("phone=&q=&tag=&attr=&status=", {"Ana", "Bruno"}, "empty parameters are no filter"),
    ("q=goncalves", {"Ana"}, "a part of a name without its accents"),
    ("phone=5511987654321", {"Ana"}, "bare digits"),
    ("phone=%2B55 (11) 98765-4321", {"Ana"}, "a number with signs"),
    ("phone=551187654321", {"Ana"}, "the variant without Brazil's ninth digit"),
    ("phone=5215512345678", {"Bruno"}, "the variant with Mexico's 1"),
    ("phone=5511987654322", set(), "a number that nobody has"),
    ("tag=vip", {"Ana", "Bruno"}, "a tag"),
    ("tag=VIP&tag=summer", {"Ana"}, "two tags: who has both"),
    ("tag=vip&tag=winter", set(), "a tag that does not exist"),
    ("attr=city:Recife", {"Ana"}, "an attribute"),
    ("attr=city:Recife&attr=city:Puebla: centro", {"Ana", "Bruno"}, "any of two; the first colon parts"),
    ("attr=city:Recife&attr=orders:4", set(), "two keys: all of them"),
    ("attr=orders:3", {"Ana"}, "a number"),
    ("status=opted_in", {"Ana"}, "a status"),
    ("status=unknown&phone=5511987654321", set(), "a status and a number"),
]  # fmt: skip


@pytest.mark.usefixtures("two_customers")
def test_customers_are_found_by_the_filter(viewer: Program) -> None:
    for query, expected, why in FILTERS:
        response = viewer.get(f"/customers?{quote(query, safe='=&%')}")
        assert {item["name"].split()[0] for item in response.json["items"]} == expected, why
        assert response.json["next"] is None


UNFIT = [
    ({"status": "optedout"}, "status", "a word that is no status must not list everybody"),
    ({"status": ["opted_in", "opted_out"]}, "status", "one status at a time"),
    ({"attr": "city"}, "attr", "an attribute without a value"),
    ({"attr": ":Recife"}, "attr", "a value without an attribute"),
    ({"tag": [f"tag{n}" for n in range(21)]}, "tag", "more tags than are compared"),
    ({"tag": "x" * 61}, "tag", "a tag longer than tags are"),
    ({"q": "x" * 201}, "q", "a search longer than what is searched for"),
    ({"phone": "none"}, "phone", "a number without digits"),
    ({"limit": "0"}, "limit", "no items at all"),
    ({"limit": "1001"}, "limit", "more than a part holds"),
    ({"limit": "many"}, "limit", "no number"),
    ({"after": "@"}, "after", "no base64"),
    ({"after": "MTAw\N{HORIZONTAL ELLIPSIS}"}, "after", "no ASCII"),
    ({"after": "LTE"}, "after", "a negative number"),
    ({"after": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5"}, "after", "an id larger than databases count"),
    ({"tags": "vip"}, "tags", "a parameter that does not exist"),
]


def test_a_filter_that_cannot_be_meant_is_422(viewer: Program) -> None:
    for query, field, why in UNFIT:
        response = viewer.get("/customers", **query)
        assert response.status_code == 422, why
        assert [error["field"] for error in response.json["errors"]] == [field]
        assert response.json["detail"].startswith(f"{field}: ")


def test_parts_follow_one_another_newest_first_without_gaps(app: Flask, viewer: Program) -> None:
    ids = [on_record(app, name=f"Customer {n}") for n in range(5)]
    seen: list[int] = []
    part = viewer.get("/customers", limit=2).json
    while part["next"]:
        seen += [item["id"] for item in part["items"]]
        on_record(app, name="somebody new")  # moves no border between parts
        part = viewer.get("/customers", limit=2, after=part["next"]).json
    seen += [item["id"] for item in part["items"]]
    assert seen == sorted(ids, reverse=True)


def test_a_cursor_behind_the_last_customer_gives_an_empty_part(app: Flask, viewer: Program) -> None:
    ids = [on_record(app), on_record(app)]
    cursor = viewer.get("/customers", limit=1).json["next"]
    with app.app_context():
        changed(app, ids[0], erased_at=NOON)
    assert viewer.get("/customers", after=cursor).json == {"items": [], "next": None}


def test_a_customer_looks_as_documented(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, name="Ana", phone=ANA, status=Status.OPTED_IN)
    agent.put_customer(phone=ANA, tags=["vip"], attributes={"orders": 3, "gold": True})
    assert agent.get(f"/customers/{customer_id}").json == {
        "id": customer_id,
        "name": "Ana",
        "phone": "+5511987654321",
        "status": "opted_in",
        "platform_stop": False,
        "on_hold": False,
        "tags": ["vip"],
        "attributes": {"gold": True, "orders": 3},
        "created_at": "2026-11-20T12:00:00Z",
        "consent_changed_at": "2026-11-20T12:00:00Z",
    }


def test_stops_of_all_kinds_show(app: Flask, agent: Program) -> None:
    customer_id = on_record(app, status=Status.OPTED_IN)
    stops_in_whatsapp(app, customer_id)
    is_held(app, customer_id)
    says_stop(app, customer_id, NOON + timedelta(seconds=5))
    shown = agent.get(f"/customers/{customer_id}").json
    assert (shown["status"], shown["platform_stop"], shown["on_hold"]) == ("opted_out", True, True)
    assert shown["consent_changed_at"] == "2026-11-20T12:00:05Z"


def test_a_customer_without_a_number_has_none(agent: Program) -> None:
    assert agent.put_customer(user_id="US.1349")["phone"] is None


def test_an_id_that_nobody_has_is_404(app: Flask, agent: Program) -> None:
    on_record(app)
    for customer_id in ("2", "0", "-1", "x", "1.0", "99999999999999999999", "1%00"):
        for response in (agent.get(f"/customers/{customer_id}"), agent.opt_out(customer_id)):
            assert response.status_code == 404, customer_id
            assert response.json["status"] == 404


def test_an_erased_customer_is_404(app: Flask, agent: Program) -> None:
    customer_id = on_record(app)
    changed(app, customer_id, erased_at=NOON)
    assert agent.get(f"/customers/{customer_id}").status_code == 404
