"""POST campaigns: what a program may ask for, and whom it means."""

from typing import Any

import pytest
from flask import Flask

from tests.api.drafts import ANOTHER, NAMED, PHONE, WITHOUT_NINE, count, created, some_templates, wish
from tests.api.programs import Program, on_record
from tests.factories import NOON
from webapp.campaigns.models import Campaign, Segment
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db


@pytest.fixture(autouse=True)
def templates(app: Flask) -> None:
    some_templates(app)


def parameters_of(app: Flask, campaign_id: int) -> dict[str, Any]:
    with app.app_context():
        return db.session.get_one(Campaign, campaign_id).parameters


def a_segment(app: Flask) -> int:
    with app.app_context(), writing():
        segment = Segment(name="VIP", key="vip", kind="static", rules={}, created_at=NOON,
                          created_by="system", changed_at=NOON, changed_by="system")  # fmt: skip
        db.session.add(segment)
        db.session.commit()
        return segment.id


def test_a_new_campaign_is_a_draft_with_nothing_in_it(manager: Program) -> None:
    campaign = created(manager, pace=40)
    assert (campaign["name"], campaign["status"], campaign["category"]) == (
        "Spring sale", "draft", "MARKETING",
    )  # fmt: skip
    assert (campaign["pace"], campaign["suppressed"]) == (40, {})
    assert campaign["counts"] == dict.fromkeys(
        ("queued", "sending", "sent", "delivered", "read", "failed", "unknown", "cancelled"), 0
    )


def test_an_unknown_number_becomes_a_customer_with_no_record_and_a_known_one_none(
    app: Flask, manager: Program
) -> None:
    on_record(app, phone=PHONE, status=Status.OPTED_IN)
    campaign = created(manager, audience={"phones": [PHONE, WITHOUT_NINE, ANOTHER, ANOTHER]})
    assert count(app, Customer) == 2
    audience = manager.get(f"/campaigns/{campaign['id']}/audience").json
    assert audience == {"eligible": 1, "suppressed": {"no_consent": 1}}
    assert manager.get("/customers", phone=ANOTHER).json["items"][0]["status"] == "unknown"


def test_hundreds_of_numbers_are_found_once_each(app: Flask, manager: Program) -> None:
    numbers = [f"+55 11 9{8_000_0000 + n}" for n in range(1100)]
    for _ in range(2):
        campaign = created(manager, audience={"phones": numbers + numbers[:5]})
    assert count(app, Customer) == 1100
    assert manager.get(f"/campaigns/{campaign['id']}/audience").json["suppressed"] == {"no_consent": 1100}


def test_the_audience_is_judged_as_it_stands_now(app: Flask, manager: Program) -> None:
    customer_id = on_record(app, phone=PHONE, status=Status.OPTED_IN)
    path = f"/campaigns/{created(manager)['id']}/audience"
    assert manager.get(path).json == {"eligible": 1, "suppressed": {}}
    manager.opt_out(customer_id)
    assert manager.get(path).json == {"eligible": 0, "suppressed": {"opted_out": 1}}


FILTERS: list[tuple[dict[str, Any], int, str]] = [
    ({"tag": ["vip"]}, 2, "all with the tag"),
    ({"tag": ["vip"], "attr": ["city:Recife"]}, 1, "tag and attribute together"),
    ({"tag": "vip", "q": "Ana"}, 1, "a tag that stands alone, and a search"),
    ({"q": "", "tag": [], "attr": [], "status": ""}, 3, "nothing asked for means everybody"),
    ({"status": "opted_in"}, 0, "nobody with this status"),
]


def test_a_filter_means_whom_the_table_would_show(manager: Program) -> None:
    manager.put_customer(phone=PHONE, name="Ana", tags=["vip"], attributes={"city": "Recife"})
    manager.put_customer(phone=ANOTHER, name="Bo", tags=["vip"])
    manager.put_customer(user_id="US.1")
    for filter, expected, why in FILTERS:
        campaign = created(manager, audience={"filter": filter})
        audience = manager.get(f"/campaigns/{campaign['id']}/audience").json
        assert audience["eligible"] + sum(audience["suppressed"].values()) == expected, why


def test_a_segment_is_named_by_its_id(app: Flask, manager: Program) -> None:
    campaign = created(manager, audience={"segment_id": a_segment(app)})
    assert manager.get(f"/campaigns/{campaign['id']}/audience").json == {"eligible": 0, "suppressed": {}}


NUMBERED = {"name": "sale", "language": "pt-BR"}
FILLED: list[tuple[dict[str, str], Any, dict[str, Any], str]] = [
    (NAMED, {"first_name": " Ana "}, {"body:first_name": {"text": "Ana"}}, "a bare name, a text"),
    (NAMED, {"body:first_name": {"attribute": "first name", "fallback": "friend"}},
     {"body:first_name": {"attribute": "first name", "fallback": "friend"}}, "a key, an attribute"),
    (NAMED, {"first_name": {"name": True}}, {"body:first_name": {"name": True}}, "the customer's name"),
    (NAMED, {"first_name": {"attribute": "x", "fallback": "y"}},
     {"body:first_name": {"attribute": "x", "fallback": "y"}}, "an attribute that comes later, a fallback"),
    (NUMBERED, ["Ana", {"attribute": "discount"}],
     {"body:1": {"text": "Ana"}, "body:2": {"attribute": "discount"}}, "a list, in order"),
    (NUMBERED, {"1": "Ana", "header:image": "https://shop.example/a.jpg", "button:0:1": "spring"},
     {"body:1": {"text": "Ana"}, "header:image": {"text": "https://shop.example/a.jpg"},
      "button:0:1": {"text": "spring"}}, "keys of every part"),
    (NUMBERED, None, {}, "nothing yet"),
]  # fmt: skip


def test_parameters_are_kept_by_the_keys_of_their_variables(app: Flask, manager: Program) -> None:
    with app.app_context(), writing():
        attributes.define("discount", "text")
        db.session.commit()
    for template, given, expected, why in FILLED:
        campaign = created(manager, template={**template, "parameters": given})
        assert parameters_of(app, campaign["id"]) == expected, why


P = "template.parameters"
UNFIT: list[tuple[dict[str, Any], str, str]] = [
    ({"name": None}, "name", "no name"),
    ({"name": " \n"}, "name", "a name that says nothing"),
    ({"name": "x" * 201}, "name", "a name that is too long"),
    ({"template": None}, "template", "no template"),
    ({"template": {"name": "plain"}}, "template.language", "no language"),
    ({"template": {"name": "none", "language": "en_US"}}, "template", "an unknown template"),
    ({"template": {"name": "plain", "language": "de"}}, "template", "an unknown language"),
    ({"template": {"name": "gone", "language": "en_US"}}, "template", "a template that is gone"),
    ({"template": {"name": "\x00\ud800", "language": "en_US"}}, "template", "signs that no name has"),
    ({"template": {**NAMED, "id": 1}}, "template.id", "an unknown field"),
    ({"template": {**NAMED, "parameters": {"city": "x"}}}, f"{P}.city", "an unknown variable"),
    ({"template": {**NAMED, "parameters": ["x"]}}, f"{P}[0]", "a list for named variables"),
    ({"template": {**NUMBERED, "parameters": ["a", "b", "c"]}}, f"{P}[2]", "one value too many"),
    ({"template": {**NUMBERED, "parameters": {"1": "a", "body:1": "b"}}}, f"{P}.body:1", "filled twice"),
    ({"template": {**NAMED, "parameters": {"first_name": ""}}}, f"{P}.first_name", "an empty text"),
    ({"template": {**NAMED, "parameters": {"first_name": 3}}}, f"{P}.first_name", "a number"),
    ({"template": {**NAMED, "parameters": {"first_name": {}}}}, f"{P}.first_name", "no source"),
    ({"template": {**NAMED, "parameters": {"first_name": {"attribute": "a", "text": "b"}}}},
     f"{P}.first_name", "two sources"),
    ({"template": {**NAMED, "parameters": {"first_name": {"attribute": 1}}}},
     f"{P}.first_name.attribute", "an attribute that is no name"),
    ({"template": {**NAMED, "parameters": {"first_name": {"text": "a", "else": "b"}}}},
     f"{P}.first_name.else", "an unknown field"),
    ({"template": {**NAMED, "parameters": "Ana"}}, P, "text for all"),
    ({"template": {**NAMED, "parameters": {"first_name": {"attribute": "town"}}}},
     f"{P}.first_name.attribute", "an attribute that does not exist"),
    ({"template": {**NUMBERED, "parameters": {"header:image": "http://shop.example/a.jpg"}}},
     f"{P}.header:image", "a link without https"),
    ({"template": {**NUMBERED, "parameters": {"header:image": {"text": "a.jpg"}}}},
     f"{P}.header:image.text", "media that is no link"),
    ({"template": {**NUMBERED, "parameters": {"header:image": {"attribute": "x", "fallback": "a.jpg"}}}},
     f"{P}.header:image.fallback", "a fallback that is no link"),
    ({"audience": {}}, "audience", "nobody"),
    ({"audience": {"phones": [PHONE], "filter": {}}}, "audience", "two kinds at once"),
    ({"audience": {"all": True}}, "audience.all", "an unknown kind"),
    ({"audience": {"phones": []}}, "audience.phones", "no number"),
    ({"audience": {"phones": PHONE}}, "audience.phones", "no list"),
    ({"audience": {"phones": [ANOTHER, "12"]}}, "audience.phones[1]", "a malformed number"),
    ({"audience": {"phones": [ANOTHER, 5511987654321]}}, "audience.phones[1]", "a number as a number"),
    ({"audience": {"segment_id": 99}}, "audience.segment_id", "an unknown segment"),
    ({"audience": {"segment_id": 2**64}}, "audience.segment_id", "no id at all"),
    ({"audience": {"segment_id": True}}, "audience.segment_id", "true is no number"),
    ({"audience": {"filter": []}}, "audience.filter", "a list is no filter"),
    ({"audience": {"filter": {"tags": ["vip"]}}}, "audience.filter.tags", "an unknown condition"),
    ({"audience": {"filter": {"tag": [1]}}}, "audience.filter.tag", "a number is no tag"),
    ({"audience": {"filter": {"attr": ["city"]}}}, "audience.filter.attr", "an attribute without a value"),
    ({"audience": {"filter": {"status": "in"}}}, "audience.filter.status", "no such status"),
    ({"audience": {"filter": {"q": ["a"]}}}, "audience.filter.q", "a list is no search"),
    ({"pace": 0}, "pace", "too slow"),
    ({"pace": 1001}, "pace", "faster than WhatsApp"),
    ({"pace": 1.5}, "pace", "no whole number"),
    ({"pace": True}, "pace", "true is no number"),
    ({"at": "2026-12-01T09:00:00Z"}, "at", "passed over it would be a launch at another time"),
]  # fmt: skip


def test_a_wish_that_does_not_fit_is_422_and_changes_nothing(app: Flask, manager: Program) -> None:
    for changes, field, why in UNFIT:
        response = manager.post("/campaigns", wish(**changes))
        assert response.status_code == 422, why
        assert response.json["errors"][0]["field"] == field, why
    assert count(app, Campaign) == 0
    assert count(app, Customer) == 0


HOSTILE: list[Any] = [
    None,
    True,
    -1,
    10**300,
    "",
    "\x00\ud800",
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"\ud800": 1},
]


@pytest.mark.parametrize("field", ["name", "template", "audience", "pace"])
def test_no_value_in_any_field_is_a_crash(manager: Program, field: str) -> None:
    for value in HOSTILE:
        for nested in (value, {"name": value, "language": value, "parameters": value}, {"filter": value}):
            assert manager.post("/campaigns", wish(**{field: nested})).status_code in (201, 422)


def test_all_malformed_numbers_are_named_at_once(manager: Program) -> None:
    response = manager.post("/campaigns", wish(audience={"phones": ["x", PHONE, "12"]}))
    assert [error["field"] for error in response.json["errors"]] == [
        "audience.phones[0]", "audience.phones[2]",
    ]  # fmt: skip
