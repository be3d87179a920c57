"""From a tap on the phone through the real webhook to the desk, over HTTP."""

import re
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.html import PARTIAL, CheckingClient
from webapp.consent import ledger
from webapp.consent.models import Evidence
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.simulator import phones
from webapp.whatsapp.invented import MESSAGE_IDS, NUMBERS

SIMULATOR = Path(phones.__file__).parent
PATIENCE_SECONDS = 30


@pytest.fixture
def agent(desk) -> CheckingClient:
    return desk("agent")


@pytest.fixture
def opted_in_customer(app) -> int:
    with app.app_context():
        return db.session.scalars(select(Customer.id).where(Customer.status == "opted_in").limit(1)).one()


def write(agent: CheckingClient, port: int, phone: object, **fields: str) -> str:
    """Write, and poll as the page does until the webhook's answer is there; the conversation then."""
    form = fields | {"phone": str(phone), "csrf_token": agent.csrf_token()}
    with agent.post(
        "/simulator/messages", data=form, headers=PARTIAL, base_url=f"http://localhost:{port}"
    ) as sent:
        assert sent.status_code == 200
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = agent.get(f"/simulator/conversation?phone={phone}", headers=PARTIAL).text
        if "is on its way" not in answer:
            return answer
    raise AssertionError("the webhook did not answer")


@pytest.mark.parametrize(
    ("fields", "status", "held"),
    [
        ({"say": "stop"}, "opted_out", False),
        ({"say": "button"}, "opted_out", False),
        ({"words": "stop."}, "opted_out", False),
        ({"say": "thanks"}, "opted_in", True),
        ({"words": "where is the bus stop?"}, "opted_in", False),
    ],
    ids=[
        "STOP opts out",
        "a tap on Stop promotions opts out",
        "a typed stop opts out",
        "Stop. Thank you waits for review",
        "a question with the word in it changes nothing",
    ],
)
def test_what_is_written_on_the_phone_reaches_the_desk(
    app, agent, port, opted_in_customer, fields, status, held
):
    answer = write(agent, port, opted_in_customer, **fields)
    assert re.search(r"came in, signature correct</span></span><b class=\"good\">200 in \d+ ms", answer)
    with app.app_context():
        customer = db.session.get(Customer, opted_in_customer)
        assert (customer.status, customer.held_at is not None) == (status, held)


MENU = [
    ({"do": "list-stop"}, "opted_out", "", "a row of a list opts out"),
    ({"do": "reply-stop"}, "opted_out", "", "so does a reply button"),
    ({"do": "photo", "words": "stop"}, "opted_out", "", "and a caption"),
    ({"do": "standby", "words": "stop"}, "opted_out", "", "and a word that Meta's agent received"),
    ({"do": "forward", "words": "stop"}, "opted_in", "", "forwarded words are not the sender's"),
    ({"do": "group", "words": "stop"}, "opted_in", "held", "a stop in a group waits for a person"),
    ({"do": "history", "words": "stop"}, "opted_in", "held", "so does one of long ago"),
    ({"do": "react-stop"}, "opted_in", "held", "and a stop sign"),
    ({"do": "offers-stop"}, "opted_in", "stopped", "WhatsApp's own stop stands beside consent"),
    ({"do": "voice"}, "opted_in", "", "a voice note changes nothing"),
]


@pytest.mark.parametrize(("fields", "status", "mark", "sentence"), MENU, ids=[row[0]["do"] for row in MENU])
def test_what_the_menu_sends_reaches_the_desk(
    app, agent, port, opted_in_customer, fields, status, mark, sentence
):
    assert "signature correct" in write(agent, port, opted_in_customer, **fields)
    with app.app_context():
        customer = db.session.get(Customer, opted_in_customer)
        marks = {"held": customer.held_at, "stopped": customer.platform_stop_at}
        assert customer.status == status, sentence
        assert [name for name, since in marks.items() if since] == ([mark] if mark else []), sentence


def test_an_edit_to_stop_opts_out_and_a_deletion_undoes_nothing(app, agent, port, opted_in_customer):
    write(agent, port, opted_in_customer, words="See you on Monday")
    write(agent, port, opted_in_customer, words="STOP", do="edit")
    assert "Deleted" in write(agent, port, opted_in_customer, do="revoke")
    with app.app_context():
        assert db.session.get(Customer, opted_in_customer).status == "opted_out"


def test_whoever_moved_writes_from_the_new_number_and_is_the_same_customer(
    app, agent, port, opted_in_customer
):
    answer = write(agent, port, opted_in_customer, do="change-number")
    assert "The number changed" in answer
    assert "Opted Out" in write(agent, port, opted_in_customer, say="stop")
    with app.app_context():
        customer = db.session.get(Customer, opted_in_customer)
        assert customer.status == "opted_out"
        assert NUMBERS[50] in {identity.value for identity in customer.identities}
        assert phones.find(str(opted_in_customer)).writer.wa_id == NUMBERS[50]


def test_a_user_id_changes_without_any_number(app, agent, port):
    write(agent, port, "no-number", words="hello")
    write(agent, port, "no-number", do="change-user-id")
    write(agent, port, "no-number", say="stop")
    with app.app_context():
        newest = db.session.scalars(select(Customer).order_by(Customer.id.desc()).limit(1)).one()
        assert newest.status == "opted_out"
        assert [identity.kind for identity in newest.identities] == ["user_id", "user_id"]


def test_the_ledger_names_the_customers_words_and_message(app, agent, port, opted_in_customer):
    write(agent, port, opted_in_customer, say="stop")
    with app.app_context():
        event = ledger.history(opted_in_customer)[-1]
        proof = db.session.get(Evidence, event.id)
        assert (event.source, event.actor, proof.words, proof.matched) == (
            "keyword",
            "customer",
            "STOP",
            "STOP",
        )
        assert proof.message_id.startswith(MESSAGE_IDS)


@pytest.mark.parametrize(
    "phone", [f"new-{NUMBERS[0]}", "no-number"], ids=["with a number", "who hides the number"]
)
def test_an_unknown_sender_becomes_a_customer_who_is_opted_out(app, agent, port, phone):
    assert "nobody yet" in agent.get(f"/simulator?phone={phone}").text
    assert "Opted Out" in write(agent, port, phone, say="stop")
    with app.app_context():
        newest = db.session.scalars(select(Customer).order_by(Customer.id.desc()).limit(1)).one()
        assert (newest.demo, newest.status) == (False, "opted_out")


def test_the_phone_has_no_shortcut_into_the_database():
    for file in SIMULATOR.glob("*.py"):
        source = file.read_text(encoding="utf-8")
        assert "session.commit" not in source
        assert "session.add" not in source
        assert not re.search(r"webapp\.consent|whatsapp\.(inbound|effects)|import (inbound|effects)", source)
