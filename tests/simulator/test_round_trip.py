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
