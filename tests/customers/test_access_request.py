"""Giving a person their own data: everything that is kept about them, nothing about anybody else."""

import json

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from tests.customers.erasure.erasures import NAME, NUMBER, WAMID, somebody
from tests.exhibits import a_png
from tests.factories import NOON, a_customer, a_user, at
from webapp.consent import ledger, wordings
from webapp.consent.disclosures import Disclosure
from webapp.consent.file_kinds import read_upload
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import SendDecision
from webapp.consent.rules import Source, Status
from webapp.consent.wordings import Draft
from webapp.customers import access_request, consenting, identities, merging
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db
from webapp.formatting import instant

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def customer_id(app) -> int:
    return somebody(app)


def asked(client, customer_id, how="json"):
    return client.send(f"/customers/{customer_id}/access", **{"as": how})


def test_the_json_holds_all_that_is_kept(app, desk, customer_id):
    with app.app_context(), writing():
        db.session.add(SendDecision(customer_id=customer_id, category="MARKETING", allowed=True,
                                    status="opted_in", actor="token:1", decided_at=NOON))  # fmt: skip
        db.session.commit()
    answer = asked(desk("manager"), customer_id)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f"attachment; filename=customer-{customer_id}.json"
    told = json.loads(answer.text)
    assert set(told) == {"generated_at", "records", "identities", "consent_history", "reviews",
                         "sending_decisions", "messages_to_you", "segments", "messages_from_you"}  # fmt: skip
    [record] = told["records"]
    assert (record["name"], record["tags"]) == (NAME, ["VIP"])
    assert record["attributes"] == {"Address": "Rua das Flores 12"}
    assert NUMBER in [place["value"] for place in told["identities"]]
    assert told["consent_history"][0]["evidence"]["words"] == "Yes, send me offers"
    assert "quinze anos" in told["reviews"][0]["words"]
    assert told["messages_to_you"][0]["campaign"] == "Spring sale"
    assert told["messages_to_you"][0]["message_id"] == WAMID + "O"
    assert told["segments"] == [{"name": "Friends"}]
    assert told["sending_decisions"][0]["allowed"] is True
    assert "The lilac one, please" in json.dumps(told["messages_from_you"])


def test_the_page_says_the_same_for_people(desk, customer_id):
    page = asked(desk("manager"), customer_id, "page").text
    for words in (NAME, NUMBER, "Rua das Flores 12", "quinze anos", "Spring sale", "The lilac one"):
        assert words in page
    assert "Nothing is kept." in page


def test_the_page_has_words_where_the_program_has_names_and_leaves_other_peoples_words(app, desk):
    with app.app_context(), writing():
        customer = a_customer("Ana")
        for name in ("state", "sent_at"):
            attributes.define(name, "text")
        attributes.set_attributes(customer, {"state": "opted_in", "sent_at": "some_day"})
        ledger.record(customer, Statement(Status.OPTED_IN, Source.AGENT, "user:1", at(5),
                                          proof=Proof("paper_form", "opted_in by pen")))  # fmt: skip
        db.session.commit()
        customer_id = customer.id
    page = BeautifulSoup(asked(desk("manager"), customer_id, "page").text, "html.parser")
    facts = [(dt.get_text(), dt.find_next_sibling("dd").get_text()) for dt in page.select("dt")]
    assert {
        ("What", "Opted in"), ("Channel", "Paper form"), ("Words", "opted_in by pen"),
        ("Happened at", instant(at(5))), ("state", "opted_in"), ("sent_at", "some_day"),
    } <= set(facts)  # fmt: skip


def test_people_of_the_desk_are_their_role_and_other_customers_are_nobody(app, desk):
    with app.app_context(), writing():
        agent = a_user("agent")
        one, other, stranger = a_customer("Ana"), a_customer("Ana S."), a_customer("Stranger")
        stated = Statement(
            Status.OPTED_IN, Source.AGENT, f"user:{agent.id}", at(5), proof=Proof("email", "Yes")
        )
        ledger.record(one, stated)
        merging.merge(
            one, other, actor="token:9", now=at(6), why=f"Not customer {stranger.id}, the other one"
        )
        db.session.commit()
        ids = one.id, other.id
    told = json.loads(asked(desk("manager"), ids[0]).text)
    text = json.dumps(told)
    assert [record["id"] for record in told["records"]] == list(ids)
    assert {event["by"] for event in told["consent_history"]} == {"an agent", "a program"}
    for hidden in ("Dana Kim", "user:", "token:", "Stranger", "Not customer"):
        assert hidden not in text


def test_hostile_data_stays_text(app, desk):
    with app.app_context(), writing():
        customer = a_customer(HOSTILE)
        ledger.record(customer, Statement(Status.OPTED_IN, Source.AGENT, "user:1", at(5),
                                          proof=Proof("email", f'"}}]{HOSTILE}')))  # fmt: skip
        db.session.commit()
        customer_id = customer.id
    manager = desk("manager")
    assert HOSTILE not in asked(manager, customer_id, "page").text
    told = json.loads(asked(manager, customer_id).text)
    assert told["records"][0]["name"] == HOSTILE
    assert told["consent_history"][0]["evidence"]["words"] == f'"}}]{HOSTILE}'


@pytest.mark.parametrize("how", ["json", "page"])
def test_each_time_is_noted(app, desk, customer_id, how):
    asked(desk("manager"), customer_id, how)
    with app.app_context():
        row = db.session.scalars(select(Disclosure)).one()
        assert (row.customer_id, row.filter, row.rows) == (customer_id, "", None)
        assert row.kind.startswith("access request")
        assert row.actor.startswith("user:")


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_only_managers_give_it(app, desk, customer_id, role):
    client = desk(role)
    assert asked(client, customer_id).status_code == 403
    assert "Personal data" not in client.get(f"/customers/{customer_id}").text
    with app.app_context():
        assert db.session.scalars(select(Disclosure)).all() == []


@pytest.mark.parametrize("how", ["", "xml"])
def test_another_form_is_refused_and_not_noted(app, desk, customer_id, how):
    assert asked(desk("manager"), customer_id, how).status_code == 422
    with app.app_context():
        assert db.session.scalars(select(Disclosure)).all() == []


def test_nobody_is_nobody(app, desk):
    assert asked(desk("manager"), 999_999).status_code == 404


def test_a_customer_of_whom_little_is_known(app, desk):
    with app.app_context(), writing():
        customer_id = identities.create(user_id="US.1", source="whatsapp", now=NOON).id
        db.session.commit()
        assert db.session.get_one(Customer, customer_id).name == ""
    told = json.loads(asked(desk("manager"), customer_id).text)
    assert (told["consent_history"], told["messages_from_you"]) == ([], [])


def test_what_proved_a_consent_is_told_with_its_wording_link_and_file(app):
    with app.app_context(), writing():
        wording = wordings.add(Draft("Checkout box", "en", "Yes, offers"), actor="user:1", now=NOON)
        customer = a_customer()
        proof = Proof("web_form", "Yes, offers", link="https://shop.example/17", wording_id=wording.id,
                      wording_version=1)  # fmt: skip
        consenting.opt_in(customer, proof, upload=read_upload(a_png(), "form.png"), version=customer.version,
                          stated_at=None, actor="user:1", now=NOON)  # fmt: skip
        db.session.commit()
        told = json.loads("".join(access_request.as_json(customer, NOON)))
    told = told["consent_history"][0]["evidence"]
    assert (told["wording"], told["link"]) == ("Checkout box, version 1", "https://shop.example/17")
    assert told["file"].endswith("form.png")
