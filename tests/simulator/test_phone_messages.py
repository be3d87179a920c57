"""The phone shows what was sent to it; a tap on its buttons answers as WhatsApp would."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from sqlalchemy import select

from tests.html import PARTIAL, CheckingClient
from webapp.consent import ledger
from webapp.consent.models import Evidence
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.simulator.conditions import Conditions
from webapp.simulator.deliveries import DEMO_IDS
from webapp.simulator.network import Network
from webapp.whatsapp.models import InboundMessage

PATIENCE_SECONDS = 30
GRAPH = f"/simulator/graph/v26.0/{DEMO_IDS[1]}/messages"
HOSTILE = "<script>alert(1)</script>"
VALUES = {"first_name": "Ana", "until": "Thursday", "discount": "30%", "city": "São Paulo"}


@pytest.fixture
def network(app) -> Network:
    return app.extensions["heed-phone-network"]


@pytest.fixture
def agent(desk) -> CheckingClient:
    return desk("agent")


@pytest.fixture
def customer(app) -> tuple[int, str]:
    """Id and number of somebody who opted in."""
    with app.app_context():
        found = db.session.scalars(select(Customer).where(Customer.status == "opted_in").limit(1)).one()
        return found.id, found.identities[0].value


@pytest.fixture
def sent(app, port: int, customer) -> Callable[..., None]:
    """Send the template `early_access` to that customer."""

    def send(payload: str = "OPT_OUT:7", **changed: str) -> None:
        texts = [{"type": "text", "parameter_name": k, "text": v} for k, v in (VALUES | changed).items()]
        stop = {"type": "payload", "payload": payload}
        components = [
            {"type": "body", "parameters": texts},
            {"type": "button", "sub_type": "quick_reply", "index": "1", "parameters": [stop]},
        ]
        template = {"name": "early_access", "language": {"code": "en_US"}, "components": components}
        body = {"messaging_product": "whatsapp", "to": customer[1], "type": "template", "template": template}
        headers = {"Authorization": "Bearer an access token"}
        at = f"http://127.0.0.1:{port}"
        assert app.test_client().post(GRAPH, json=body, headers=headers, base_url=at).status_code == 200

    return send


def bubble_on(agent: CheckingClient, customer_id: int) -> Tag:
    found = agent.soup(f"/simulator?phone={customer_id}").select_one(".bubble.sent")
    assert found is not None
    return found


def until(check: Callable[[], Any]) -> Any:
    """Ask again, as a poll does, until there is an answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if found := check():
            return found
    raise AssertionError("nothing came")


def tap(agent: CheckingClient, port: int, phone: object, wamid: str, button: str, **headers: str) -> Any:
    form = {"phone": str(phone), "wamid": wamid, "button": button, "csrf_token": agent.csrf_token()}
    at = f"http://localhost:{port}"
    return agent.post("/simulator/taps", data=form, headers=PARTIAL | headers, base_url=at)


def test_a_message_stands_on_its_phone_with_header_text_footer_and_buttons(agent, sent, customer):
    sent()
    words = bubble_on(agent, customer[0]).get_text(" ", strip=True)
    for part in ("Early access starts now", "Hi Ana,", "São Paulo shop", "Reply STOP", "Stop promotions"):
        assert part in words


def test_it_stands_on_no_other_phone(agent, sent, customer):
    sent()
    other = agent.soup("/simulator?phone=no-number")
    assert other.select_one(".bubble.sent") is None
    assert "A sample of what this business sends" in other.text


def test_values_from_outside_are_text(agent, sent, customer):
    sent(first_name=HOSTILE)
    page = agent.get(f"/simulator?phone={customer[0]}").text
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_ticks_say_sent_then_delivered_then_read_when_somebody_looks(agent, network, sent, customer):
    sent()
    first = bubble_on(agent, customer[0])
    assert first.select_one(".ticks svg")["aria-label"] in ("sent", "delivered")
    assert until(lambda: network.messages.of([customer[1]])[0].status == "delivered")
    assert bubble_on(agent, customer[0]).select_one(".ticks.read svg")["aria-label"] == "read"


def test_without_receipts_looking_reads_nothing(agent, network, sent, customer):
    network.messages.choose(Conditions(receipts=False))
    sent()
    wamid = network.messages.of([customer[1]])[0].wamid
    network.messages.mark([(wamid, "delivered")])
    assert bubble_on(agent, customer[0]).select_one(".ticks.read") is None


def test_a_message_that_failed_does_not_stand_on_the_phone(agent, network, sent, customer):
    network.messages.choose(Conditions(outcome="131049"))
    sent()
    assert until(lambda: network.messages.of([customer[1]])[0].status == "failed")
    page = agent.soup(f"/simulator?phone={customer[0]}")
    assert page.select_one(".bubble.sent") is None


def test_a_poll_is_answered_anew_when_a_message_comes_and_when_its_ticks_change(
    agent, network, sent, customer
):
    def poll(tag: str) -> Any:
        headers = PARTIAL | {"HX-PTag": tag}
        return agent.get(f"/simulator/conversation?phone={customer[0]}", headers=headers)

    network.messages.choose(Conditions(receipts=False))
    empty = poll("")
    assert poll(empty.headers["HX-PTag"]).status_code == 304
    sent()
    came = poll(empty.headers["HX-PTag"])
    assert came.status_code == 200
    assert poll(came.headers["HX-PTag"]).status_code == 304
    network.messages.mark([(network.messages.of([customer[1]])[0].wamid, "delivered")])
    assert poll(came.headers["HX-PTag"]).status_code == 200


def test_a_poll_leaves_alone_what_is_being_typed(agent, sent, customer):
    sent()
    answer = agent.get(f"/simulator/conversation?phone={customer[0]}", headers=PARTIAL).text
    targets = [part["hx-target"] for part in BeautifulSoup(answer, "html.parser").find_all("hx-partial")]
    assert targets == ["#chat", "#deliveries"]


def test_a_tap_on_stop_opts_out_with_the_payload_and_message_of_the_campaign(
    app, agent, network, port, sent, customer
):
    sent()
    wamid = network.messages.of([customer[1]])[0].wamid
    with tap(agent, port, customer[0], wamid, "1") as answer:
        assert answer.status_code == 200
        assert 'hx-target="#words"' not in answer.text, "what is being typed stays"

    def opted_out() -> bool:
        with app.app_context():
            return db.session.get(Customer, customer[0]).status == "opted_out"

    assert until(opted_out)
    with app.app_context():
        proof = db.session.get(Evidence, ledger.history(customer[0])[-1].id)
        kept = db.session.scalars(select(InboundMessage).where(InboundMessage.key.endswith(proof.message_id)))
        raw = json.loads(kept.one().raw)
    assert raw["button"] == {"payload": "OPT_OUT:7", "text": "Stop promotions"}
    assert raw["context"]["id"] == wamid


def test_a_tap_on_a_link_opens_nothing_and_says_so(agent, network, port, sent, customer):
    sent()
    wamid = network.messages.of([customer[1]])[0].wamid
    answer = tap(agent, port, customer[0], wamid, "0")
    assert answer.status_code == 204
    assert "opens no links" in answer.headers["HX-Trigger"]
    assert network.line.log.of(str(customer[0])) == []


@pytest.mark.parametrize("button", ["2", "-1", "x", "", "9" * 30])
def test_a_button_that_there_is_not_is_not_found(agent, network, port, sent, customer, button):
    sent()
    wamid = network.messages.of([customer[1]])[0].wamid
    assert tap(agent, port, customer[0], wamid, button).status_code == 404


def test_nobody_taps_on_the_phone_of_somebody_else(agent, network, port, sent, customer):
    sent()
    wamid = network.messages.of([customer[1]])[0].wamid
    assert tap(agent, port, "no-number", wamid, "1").status_code == 404
    assert tap(agent, port, customer[0], "wamid.none", "1").status_code == 404


CHOSEN = {"delay": "150", "outcome": "131026", "way": "status", "share": "10"}


def test_conditions_are_chosen_on_the_page_and_shown(agent, network):
    answer = agent.htmx("/simulator/conditions", method="POST", **CHOSEN)
    assert "10% fail with 131026; answered after 150 ms; no receipts" in answer.text
    assert network.messages.conditions() == Conditions(150, "131026", "status", 10, receipts=False)
    page = agent.soup("/simulator")
    assert page.select_one("#conditions-outcome option[selected]")["value"] == "131026"


def test_without_scripts_the_conditions_lead_back_to_the_phone(agent):
    answer = agent.send("/simulator/conditions", phone="no-number", **CHOSEN)
    assert (answer.status_code, answer.location) == (303, "/simulator?phone=no-number")


@pytest.mark.parametrize("wrong", [{"delay": "1"}, {"outcome": "1"}, {"way": ""}, {"share": "200"}])
def test_conditions_that_are_not_offered_are_refused(agent, wrong):
    assert agent.send("/simulator/conditions", **CHOSEN | wrong).status_code == 400


def test_viewers_choose_no_conditions_and_tap_nothing(desk):
    viewer = desk("viewer")
    assert viewer.send("/simulator/conditions", **CHOSEN).status_code == 403
    assert viewer.send("/simulator/taps", wamid="x").status_code == 403
