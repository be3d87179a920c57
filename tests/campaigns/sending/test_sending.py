"""Sending through a scripted Graph API: what each answer does, and what never happens whatever it answers."""

import asyncio
import threading
from collections import Counter
from dataclasses import replace

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_number
from tests.fakes import Script, ScriptedGraph
from tests.plans import walked
from webapp import clock
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import audit
from webapp.campaigns.sending import codes, statuses
from webapp.campaigns.sending.pump import pump
from webapp.campaigns.sending.statuses import News
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer, Identity
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.graph.graph import GraphSender

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT


@pytest.fixture
def graph():
    with ScriptedGraph() as server:
        yield server


def opted_in(people):
    """So many customers at once; their consent needs no history here."""
    numbers = [a_number().replace(" ", "").removeprefix("+") for _ in range(people)]
    made = {"source": "agent", "created_at": NOON}
    customers = [
        Customer(
            name=f"Person {n}", status=IN, created_at=NOON,
            identities=[Identity(kind="phone", value=number, match_key=number, **made)],
        )
        for n, number in enumerate(numbers)
    ]  # fmt: skip
    db.session.add_all(customers)
    db.session.flush()
    return customers


class Desk:
    """The desk with one campaign, and the worker that sends it."""

    def __init__(self, app, graph):
        self.app = app
        self.settings = replace(
            app.config["HEED"], graph_api_url=graph.url, access_token="a token",
            phone_number_id="310000000000001", business_account_id="210000000000001",
        )  # fmt: skip

    def launch(self, people, category="MARKETING", **columns):
        """The id of a running campaign for so many opted-in people."""
        with self.app.app_context(), writing():
            template = a_template("spring_sale", category, synced_at=clock.now())
            campaign = a_campaign(template, *opted_in(people), **({"pace": 500} | columns))
            lifecycle.launch(campaign, actor="user:1", now=clock.now())
            db.session.commit()
            return campaign.id

    def slice(self, campaign_id):
        async def run():
            sender = GraphSender(self.settings, marketing_endpoint=True, slots=64)
            try:
                return await pump(self.app, campaign_id, sender, clock.now)
            finally:
                await sender.close()

        return asyncio.run(run())

    def asked_once(self, campaign_id, graph):
        """Slices until the Graph API was asked: a busy machine puts rows back that are late."""
        while not graph.requests:
            self.slice(campaign_id)

    def send(self, campaign_id):
        """Slice after slice until nothing is queued."""
        while self.slice(campaign_id) is not None:
            pass

    def deliveries(self, campaign_id):
        with self.app.app_context():
            rows = db.session.query(Delivery).filter_by(campaign_id=campaign_id).order_by(Delivery.id)
            found = list(rows)
            db.session.expunge_all()
            return found

    def states(self, campaign_id):
        return Counter(row.state for row in self.deliveries(campaign_id))

    def campaign(self, campaign_id):
        with self.app.app_context():
            return db.session.get(Campaign, campaign_id)

    def customer_of(self, campaign_id):
        with self.app.app_context():
            return db.session.get(Customer, self.deliveries(campaign_id)[0].customer_id)

    def opt_out(self, customer_id):
        with self.app.app_context(), writing():
            customer = db.session.get_one(Customer, customer_id)
            ledger.record(customer, Statement(OUT, Source.AGENT, "user:1", clock.now()))
            db.session.commit()
        return clock.now()


@pytest.fixture
def desk(app, graph):
    return Desk(app, graph)


def test_everybody_gets_it_once_and_the_campaign_finishes(desk, graph):
    campaign_id = desk.launch(30)
    desk.send(campaign_id)
    assert desk.states(campaign_id) == {"sent": 30}
    assert desk.campaign(campaign_id).status == "finished"
    numbers = [body["to"] for body in graph.bodies]
    assert len(numbers) == len(set(numbers)) == 30
    assert all(row.wamid and row.sent_at for row in desk.deliveries(campaign_id))


def test_a_request_names_its_delivery_so_that_a_status_can_settle_it(desk, graph):
    campaign_id = desk.launch(1)
    desk.asked_once(campaign_id, graph)
    (delivery,) = desk.deliveries(campaign_id)
    assert graph.bodies[0]["biz_opaque_callback_data"] == f"heed:{campaign_id}:{delivery.id}"


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (Script.reset(), "reset"),
        (Script.malformed(), "malformed"),
        (Script.raw(502, b"<html>"), "server_error"),
    ],
)
def test_an_unclear_answer_is_unknown_and_never_sent_again(desk, graph, script, why):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: script
    desk.asked_once(campaign_id, graph)
    desk.slice(campaign_id)
    (delivery,) = desk.deliveries(campaign_id)
    assert (delivery.state, delivery.reason) == ("unknown", why)
    assert len(graph.requests) == 1


def test_a_status_settles_what_was_unknown(desk, graph, app):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: Script.reset()
    desk.asked_once(campaign_id, graph)
    news = News(graph.bodies[0]["biz_opaque_callback_data"], "wamid.late", "delivered", None, clock.now())
    with app.app_context(), writing():
        statuses.apply([news], clock.now())
        db.session.commit()
    (delivery,) = desk.deliveries(campaign_id)
    assert (delivery.state, delivery.reason, delivery.wamid) == ("delivered", None, "wamid.late")


REFUSED = {
    codes.Action.RETRY: ("queued", "running"),
    codes.Action.WAIT_PERSON: ("queued", "running"),
    codes.Action.WAIT_NUMBER: ("queued", "running"),
    codes.Action.WAIT_CAMPAIGN: ("queued", "running"),
    codes.Action.RETRY_ONCE_THEN_PAUSE: ("queued", "running"),
    codes.Action.PAUSE_THEN_SKIP: ("queued", "paused"),
    codes.Action.SKIP: ("failed", "finished"),
    codes.Action.SKIP_ROW: ("failed", "finished"),
    codes.Action.SKIP_COUNTRY: ("failed", "finished"),
    codes.Action.PLATFORM_STOP: ("failed", "finished"),
    codes.Action.NOTHING: ("failed", "finished"),
    codes.Action.PAUSE: ("queued", "paused"),
    codes.Action.PAUSE_ALL: ("queued", "paused"),
}


@pytest.mark.parametrize("code", sorted(codes.RULES))
def test_each_code_does_what_its_rule_says(desk, graph, code):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: Script.error(code)
    desk.asked_once(campaign_id, graph)
    (delivery,) = desk.deliveries(campaign_id)
    state, status = REFUSED[codes.rule_of(code, 400).action]
    assert (delivery.state, desk.campaign(campaign_id).status) == (state, status)
    assert delivery.error_code == code
    assert desk.customer_of(campaign_id).status == IN


def due_now(app):
    with app.app_context(), writing():
        db.session.query(Delivery).update({"not_before": None})
        db.session.query(Campaign).update({"pump_until": None})
        db.session.commit()


@pytest.mark.parametrize(("code", "attempts"), [(131056, 4), (131000, 4)])
def test_who_is_refused_again_and_again_fails_at_last(desk, graph, app, code, attempts):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: Script.error(code)
    while desk.states(campaign_id)["failed"] == 0:
        desk.slice(campaign_id)
        due_now(app)
    assert len(graph.requests) == attempts


@pytest.mark.parametrize(("code", "tries"), [(131053, 2), (132005, 1)])
def test_what_one_customer_may_cause_pauses_once_and_then_costs_that_customer(desk, graph, app, code, tries):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: Script.error(code)
    run_until_it_ends(desk, campaign_id, app)
    assert (desk.campaign(campaign_id).status, len(graph.requests)) == ("paused", tries)
    with app.app_context(), writing():
        lifecycle.resume(db.session.get_one(Campaign, campaign_id), actor="user:1", now=clock.now())
        db.session.commit()
    run_until_it_ends(desk, campaign_id, app)
    assert (desk.campaign(campaign_id).status, len(graph.requests)) == ("finished", tries + 1)
    assert desk.states(campaign_id) == {"failed": 1}


def run_until_it_ends(desk, campaign_id, app):
    while desk.campaign(campaign_id).status == "running":
        desk.slice(campaign_id)
        due_now(app)


def test_who_opts_out_while_waiting_for_the_next_attempt_is_left_out(desk, graph, app):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: Script.error(131056)
    desk.asked_once(campaign_id, graph)
    desk.opt_out(desk.deliveries(campaign_id)[0].customer_id)
    due_now(app)
    desk.slice(campaign_id)
    (delivery,) = desk.deliveries(campaign_id)
    assert (delivery.state, delivery.reason, len(graph.requests)) == ("suppressed", "opted_out", 1)


def test_131050_sets_the_platform_stop_and_leaves_consent_alone(desk, graph):
    campaign_id = desk.launch(1)
    graph.answer = lambda body, n: Script.error(131050)
    desk.asked_once(campaign_id, graph)
    customer = desk.customer_of(campaign_id)
    assert (customer.status, customer.platform_stop_at is not None) == (IN, True)


def test_the_first_ten_refused_for_their_content_pause_the_campaign(desk, graph):
    campaign_id = desk.launch(40, pace=10)
    graph.answer = lambda body, n: Script.error(132000)
    while desk.slice(campaign_id) is not None and desk.campaign(campaign_id).status == "running":
        pass
    assert desk.campaign(campaign_id).status == "paused"
    assert 10 <= desk.states(campaign_id)["failed"] < 20


def test_a_campaign_paused_in_the_middle_starts_nothing_more(desk, graph, app):
    campaign_id = desk.launch(200, pace=50)
    paused = threading.Event()

    def answer(body, n):
        if n == 20:
            paused.set()
        return Script.accept()

    graph.answer = answer
    thread = threading.Thread(target=desk.slice, args=(campaign_id,))
    thread.start()
    assert paused.wait(10)
    with app.app_context(), writing():
        switch.set_enabled(False, actor="user:1", now=clock.now())
        db.session.commit()
    stopped = clock.now().timestamp()
    thread.join()
    assert 20 < len(graph.requests) < 200
    assert max(request.at for request in graph.requests) < stopped + 1.0


def test_no_request_starts_after_an_opt_out_was_committed_and_nobody_gets_two(desk, graph, app):
    campaign_id = desk.launch(120, pace=60)
    by_number = {}
    with app.app_context():
        for customer in db.session.query(Customer):
            by_number[f"+{customer.identities[0].value}"] = customer.id
    out_at = {}
    graph.answer = lambda body, n: Script.accept(delay=0.05)

    def opt_people_out():
        for customer_id in list(by_number.values())[5::2]:
            out_at[customer_id] = desk.opt_out(customer_id).timestamp()

    thread = threading.Thread(target=opt_people_out)
    thread.start()
    desk.send(campaign_id)
    thread.join()
    sent = Counter(by_number[request.body["to"]] for request in graph.requests)
    assert max(sent.values()) == 1
    late = [
        request
        for request in graph.requests
        if request.at > out_at.get(by_number[request.body["to"]], float("inf")) + 0.3
    ]
    assert late == []
    assert sum(desk.states(campaign_id).values()) == 120
    with app.app_context():
        assert audit.violations(clock.now()) == []


def test_two_pumps_at_once_never_double(desk, graph):
    campaign_id = desk.launch(60, pace=100)
    graph.answer = lambda body, n: Script.accept(delay=0.02)
    threads = [threading.Thread(target=desk.slice, args=(campaign_id,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = Counter(body["to"] for body in graph.bodies)
    assert len(numbers) == 60
    assert set(numbers.values()) == {1}


def test_answers_are_learned_from_without_reading_all_addresses(desk, graph, app):
    campaign_id = desk.launch(5)
    with app.app_context():
        engine = db.engine
    with walked(engine) as found:
        desk.asked_once(campaign_id, graph)
    assert not [statement for statement in found if statement.startswith("identities")]


def test_the_address_that_whatsapp_answers_with_is_learned(desk, graph, app):
    campaign_id = desk.launch(1)
    desk.asked_once(campaign_id, graph)
    customer_id = desk.deliveries(campaign_id)[0].customer_id
    with app.app_context():
        kinds = {identity.kind for identity in db.session.get(Customer, customer_id).identities}
    assert kinds == {"phone", "wa_id"}
