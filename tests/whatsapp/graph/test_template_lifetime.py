"""Marketing templates are set to 12 hours at WhatsApp; what came of it stands in their rows."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask

from tests.campaigns.factories import a_template
from tests.factories import NOON
from tests.fakes import Script, ScriptedGraph
from tests.whatsapp.deliveries import ACCOUNT, NUMBER
from webapp.campaigns import lifetimes, switch
from webapp.campaigns.models import Template
from webapp.config import Settings
from webapp.extensions import db
from webapp.whatsapp import launch
from webapp.whatsapp.graph import template_lifetime

DAY = timedelta(days=1)


def listed(
    id: str, category: str = "MARKETING", status: str = "APPROVED", **more: object
) -> dict[str, object]:
    return {"id": id, "name": f"sale_{id}", "language": "en_US", "status": status, "category": category,
            "components": [{"type": "BODY", "text": "Sale"}], **more}  # fmt: skip


@pytest.fixture
def graph(app: Flask) -> Iterator[ScriptedGraph]:
    """An account with the Marketing Messages API."""
    with ScriptedGraph() as graph:
        graph.marketing_api = "ONBOARDED"
        environ = {
            "GRAPH_API_URL": graph.url, "WHATSAPP_ACCESS_TOKEN": "a token",
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER, "WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT,
        }  # fmt: skip
        told = Settings.from_environ(environ)
        app.config["HEED"] = dataclasses.replace(
            app.config["HEED"], graph_api_url=told.graph_api_url, access_token=told.access_token,
            phone_number_id=told.phone_number_id, business_account_id=told.business_account_id,
        )  # fmt: skip
        yield graph


def rows(app: Flask) -> dict[str, Template]:
    with app.app_context():
        return {row.external_id: row for row in db.session.scalars(db.select(Template))}


def test_after_a_synchronisation_those_without_a_choice_get_12_hours_and_the_others_stay(app, graph):
    graph.templates = [
        listed("1"), listed("2", message_send_ttl_seconds=259200), listed("3", "UTILITY"),
        listed("4", status="PAUSED"), listed("5", "UTILITY", correct_category="MARKETING"),
        listed("6", message_send_ttl_seconds=-1),
    ]  # fmt: skip
    launch.synchronise(app)
    assert graph.changes == [("1", {"message_send_ttl_seconds": 43200})]
    found = {id: row.ttl_seconds for id, row in rows(app).items()}
    assert found == {"1": 43200, "2": 259200, "3": None, "4": None, "5": None, "6": 2592000}
    launch.synchronise(app)
    assert len(graph.changes) == 1


def test_without_the_marketing_endpoint_nothing_is_changed(app, graph):
    graph.templates, graph.marketing_api = [listed("1")], "INELIGIBLE"
    launch.synchronise(app)
    launch.shorten_templates(app, 0)
    assert graph.changes == []


REFUSALS = [
    (Script.error(100), "WhatsApp did not take 12 hours for this template.", 2),
    (Script.error(10, 403), "The access token lacks a permission.", 1),
    (Script.error(200, 403), "The access token lacks a permission.", 1),
    (Script.error(190, 401), "WhatsApp does not take the access token.", 1),
    (Script.error(80007), "Too many calls to WhatsApp.", 1),
    (Script(200, {}), "WhatsApp’s answer could not be read.", 1),
]
"""What WhatsApp says, what people read, and how many of two templates are asked for."""


@pytest.mark.parametrize(("refusal", "words", "asked"), REFUSALS, ids=[row[1] for row in REFUSALS])
def test_a_failure_is_told_in_words_and_ends_it_when_it_would_befall_all(app, graph, refusal, words, asked):
    graph.templates, graph.refusal = [listed("1"), listed("2")], lambda _id: refusal
    launch.synchronise(app)
    assert len(graph.changes) == asked
    first = rows(app)["1"]
    assert (first.ttl_seconds, first.ttl_failure) == (None, words)
    with app.app_context():
        assert switch.current().templates_failed_at is None, "nothing is held up by it"


def test_one_template_that_whatsapp_refuses_does_not_keep_the_next_from_its_12_hours(app, graph):
    graph.templates = [listed("1"), listed("2")]
    graph.refusal = lambda id: Script.error(100) if id == "1" else None
    launch.synchronise(app)
    assert [row.ttl_seconds for row in rows(app).values()] == [None, 43200]


def test_heed_asks_again_by_itself_only_a_day_later(app, graph):
    graph.templates, graph.refusal = [listed("1")], lambda _id: Script.error(100)
    launch.synchronise(app)
    with app.app_context():
        settings = app.config["HEED"]
        tried = db.session.query(Template).one().ttl_tried_at
        template_lifetime.keep_short(settings, tried + DAY - timedelta(seconds=1))
        assert len(graph.changes) == 1
        graph.refusal = lambda _id: None
        assert template_lifetime.keep_short(settings, tried + DAY) == 1
    assert (rows(app)["1"].ttl_seconds, rows(app)["1"].ttl_failure) == (43200, "")


@pytest.mark.parametrize(("which", "changed"), [("2", ["2"]), ("", ["1", "2"])])
def test_what_somebody_asks_for_goes_over_an_earlier_choice(app, graph, which, changed):
    graph.templates = [listed(id, message_send_ttl_seconds=259200) for id in ("1", "2")]
    launch.synchronise(app)
    launch.shorten_templates(app, rows(app)[which].id if which else 0)
    assert [id for id, _body in graph.changes] == changed


def test_a_desk_with_demo_data_changes_nothing_at_a_whatsapp_elsewhere(app, graph, monkeypatch):
    graph.templates = [listed("1")]
    monkeypatch.setattr(launch, "LOOPBACK", set())
    monkeypatch.setattr(launch, "_demo", lambda: True)
    launch.synchronise(app)
    launch.shorten_templates(app, 0)
    assert rows(app).keys() == {"1"}
    assert graph.changes == []


def test_nobody_there_is_told_too(app):
    with app.app_context():
        switch.current().marketing_endpoint = True
        a_template()
        settings = Settings.from_environ(
            {"GRAPH_API_URL": "http://127.0.0.1:9", "WHATSAPP_ACCESS_TOKEN": "x"}
        )
        assert template_lifetime.keep_short(settings, NOON) == 0
        assert db.session.query(Template).one().ttl_failure == "WhatsApp could not be reached."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(43200, "12 hours"), (86400, "1 day"), (2592000, "30 days"), (90000, "25 hours"), (5400, "90 minutes"),
     (61, "61 seconds")],
)  # fmt: skip
def test_a_time_is_told_in_the_largest_unit_that_goes_into_it(seconds, words):
    assert lifetimes.in_words(seconds) == words
