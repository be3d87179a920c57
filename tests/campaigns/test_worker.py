"""A real worker process, killed in the middle: nobody gets two messages, and what was in hand is unknown."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import a_customer
from tests.fakes import Script, ScriptedGraph
from webapp import clock
from webapp.campaigns import counts, lifecycle
from webapp.campaigns.models import Campaign
from webapp.consent.rules import Status
from webapp.database import writing
from webapp.extensions import db

SECONDS = 150.0


@pytest.fixture
def graph():
    with ScriptedGraph() as server:
        server.templates = [
            {"id": "1", "name": "spring_sale", "language": "en_US", "status": "APPROVED",
             "category": "MARKETING", "parameter_format": "NAMED",
             "components": [{"type": "BODY", "text": "Our spring sale starts today."}]}
        ]  # fmt: skip
        yield server


@pytest.fixture
def environment(app, graph, database_url, tmp_path):
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database_url,
        "HEED_DATA_DIR": str(tmp_path),
        "GRAPH_API_URL": graph.url,
        "WHATSAPP_ACCESS_TOKEN": "a token",
        "WHATSAPP_PHONE_NUMBER_ID": "310000000000001",
        "WHATSAPP_BUSINESS_ACCOUNT_ID": "210000000000001",
    }


def a_worker(environment):
    command = [sys.executable, "-m", "webapp", "worker"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def launched(app, people):
    with app.app_context(), writing():
        customers = [a_customer(f"Person {n}", Status.OPTED_IN) for n in range(people)]
        campaign = a_campaign(a_template(external_id="1", synced_at=clock.now()), *customers, pace=40)
        lifecycle.launch(campaign, actor="user:1", now=clock.now())
        db.session.commit()
        return campaign.id


def until(condition):
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_a_killed_worker_leaves_what_it_had_in_hand_unknown_and_another_one_goes_on(app, graph, environment):
    campaign_id = launched(app, 80)
    graph.answer = lambda body, n: Script.accept(delay=0.1)
    first = a_worker(environment)
    try:
        until(lambda: len(graph.requests) >= 15)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    with app.app_context(), writing():
        db.session.execute(db.text("UPDATE deliveries SET lease_until = started_at WHERE state = 'sending'"))
        db.session.query(Campaign).update({"pump_until": None})
        db.session.commit()
    second = a_worker(environment)
    try:

        def finished():
            with app.app_context():
                return db.session.get_one(Campaign, campaign_id).status == "finished"

        until(finished)
    finally:
        second.send_signal(signal.SIGTERM)
        second.wait(timeout=40)
    numbers = Counter(body["to"] for body in graph.bodies)
    assert max(numbers.values()) == 1
    with app.app_context():
        found = counts.of(campaign_id).states
    assert found["sent"] + found["unknown"] == 80
    assert len(numbers) >= found["sent"]
    assert found["unknown"] < 30
