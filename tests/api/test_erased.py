"""Programs and people who were erased: nobody is put back on record, and the gate says why."""

import pytest

from tests.api.programs import Program
from tests.campaigns.factories import a_template
from tests.customers.erasure.erasures import NUMBER, WRITINGS, erased
from tests.factories import a_customer
from tests.whatsapp.posting import deliver, everybody, says
from webapp.campaigns.models import CampaignPerson
from webapp.consent import policy
from webapp.consent.rules import Status
from webapp.customers.erasure import suppression_key
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")


@pytest.fixture
def tombstone(app) -> int:
    with app.app_context():
        customer_id = a_customer("Zenaide", Status.OPTED_IN, "+" + NUMBER).id
    erased(app, customer_id)
    return customer_id


@pytest.fixture
def another_key(app, tombstone) -> None:
    (app.config["HEED"].data_dir / suppression_key.FILE).write_text("ab" * 32)


def everybody_without_a_record_may_receive(app) -> None:
    with app.app_context(), writing():
        policy.current().unknown_may_receive = True
        db.session.commit()


@pytest.mark.parametrize("raw", WRITINGS[:3])
def test_put_customers_is_a_conflict(app, agent: Program, tombstone, raw):
    answer = agent.put("/customers", {"phone": raw, "name": "Zenaide"})
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert "erased" in answer.json["detail"]
    with app.app_context():
        assert len(everybody()) == 1


def test_put_customers_puts_nothing_back_on_who_wrote_in_again(app, agent: Program, tombstone):
    deliver(app, says("Hello?", **{"from": NUMBER}))
    assert agent.put("/customers", {"phone": "+" + NUMBER, "name": "Zenaide"}).status_code == 409
    deliver(app, says("START", **{"from": NUMBER}))
    assert agent.put("/customers", {"phone": "+" + NUMBER, "name": "Zenaide"}).status_code == 200


def test_put_customers_is_refused_under_another_key(app, agent: Program, another_key):
    answer = agent.put("/customers", {"phone": "+4915123456789"})
    assert answer.status_code == 503
    assert "cannot tell who was erased" in answer.json["detail"]


@pytest.mark.parametrize("category", CATEGORIES)
def test_decisions_answer_erased_for_every_category(app, agent: Program, tombstone, category):
    everybody_without_a_record_may_receive(app)
    told = agent.decide(category, *WRITINGS[:3], {"wa_id": "551187654321"}, "+4915123456789")
    assert [one["reason"] for one in told["decisions"]] == ["erased"] * 4 + [None]
    assert {one["customer_id"] for one in told["decisions"]} == {None}
    assert told["suppressed"] == {"erased": 4}


def test_who_wrote_in_again_may_get_service_messages(app, agent: Program, tombstone):
    deliver(app, says("Hello?", **{"from": NUMBER}))
    reasons = [agent.decide(c, "+" + NUMBER)["decisions"][0]["reason"] for c in CATEGORIES]
    assert reasons == ["opted_out", None, None]


def test_under_another_key_no_stranger_gets_marketing(app, agent: Program, another_key):
    everybody_without_a_record_may_receive(app)
    reasons = [agent.decide(c, "+" + NUMBER)["decisions"][0]["reason"] for c in CATEGORIES]
    assert reasons == ["no_consent", None, None]


def a_wish(*phones: str) -> dict:
    template = {"name": "spring_sale", "language": "en_US"}
    return {"name": "Spring", "template": template, "audience": {"phones": list(phones)}}


def test_a_campaign_by_numbers_leaves_them_out_as_erased(app, manager: Program, tombstone):
    with app.app_context():
        a_template()
    made = manager.post("/campaigns", a_wish(*WRITINGS[:2], "+4915123456789"))
    assert made.status_code == 201
    audience = manager.get(f"/campaigns/{made.json['id']}/audience").json
    assert audience == {"eligible": 0, "suppressed": {"erased": 1, "no_consent": 1}}
    assert manager.post(f"/campaigns/{made.json['id']}/launch").status_code == 202
    hers, _ = manager.get(f"/campaigns/{made.json['id']}/deliveries").json["items"]
    assert (hers["state"], hers["reason"], hers["phone"]) == ("suppressed", "erased", None)
    with app.app_context():
        named = db.session.scalars(db.select(CampaignPerson.customer_id)).all()
        assert tombstone in named
        assert db.session.get_one(Customer, tombstone).name == ""


def test_a_campaign_by_numbers_is_refused_under_another_key(app, manager: Program, another_key):
    with app.app_context():
        a_template()
    assert manager.post("/campaigns", a_wish("+4915123456789")).status_code == 503
    with app.app_context():
        assert len(everybody()) == 1


def test_the_customer_is_404_and_on_no_list(agent: Program, tombstone):
    assert agent.get(f"/customers/{tombstone}").status_code == 404
    assert agent.get("/customers").json["items"] == []
    assert agent.get("/customers", phone="+" + NUMBER).json["items"] == []
    assert agent.opt_in(tombstone).status_code == 404


def test_the_history_stays_readable_without_words(agent: Program, tombstone):
    events = agent.get("/consent-events", customer_id=tombstone).json["items"]
    assert [(event["kind"], event["evidence"]) for event in events] == [("consent", None), ("erasure", None)]
