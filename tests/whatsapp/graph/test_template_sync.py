"""Fetching the templates from the Graph API, and what an account's notices do to the desk."""

import dataclasses
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from flask import Flask

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON
from tests.fakes import Script, ScriptedGraph
from tests.whatsapp.deliveries import ACCOUNT, NUMBER, PAYLOADS, a_change, payload
from tests.whatsapp.posting import deliver, post
from webapp import clock
from webapp.campaigns import switch
from webapp.campaigns.models import Campaign, Sending
from webapp.campaigns.templates import templates
from webapp.config import Settings
from webapp.extensions import db
from webapp.whatsapp.commands import templates_group
from webapp.whatsapp.graph import management, template_sync
from webapp.whatsapp.graph.management import CallFailed
from webapp.whatsapp.graph.template_sync import synchronise

LISTED = [
    *json.loads((PAYLOADS / "api_templates_page1.json").read_text(encoding="utf-8"))["data"],
    *json.loads((PAYLOADS / "api_templates_page2.json").read_text(encoding="utf-8"))["data"],
]
LATER = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def graph() -> Iterator[ScriptedGraph]:
    with ScriptedGraph() as graph:
        graph.templates = LISTED
        yield graph


@pytest.fixture
def in_context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def settings(graph: ScriptedGraph, **changes: str) -> Settings:
    usual = {
        "GRAPH_API_URL": graph.url, "WHATSAPP_ACCESS_TOKEN": "a token", "WHATSAPP_PHONE_NUMBER_ID": NUMBER,
        "WHATSAPP_BUSINESS_ACCOUNT_ID": ACCOUNT,
    }  # fmt: skip
    return Settings.from_environ(usual | changes)


def sending() -> Sending:
    db.session.expire_all()
    return switch.current()


@pytest.mark.usefixtures("in_context")
@pytest.mark.parametrize(
    ("size", "next_host", "requests"), [(100, "", 1), (2, "", 2), (1, "", 4), (2, "graph.invalid", 2)]
)
def test_all_pages_are_read_and_the_token_goes_nowhere_else(graph, size, next_host, requests):
    graph.page_size, graph.next_host = size, next_host
    assert synchronise(settings(graph), NOON) == 4
    assert len(graph.listings) == requests
    rows = {(row.name, row.language): row for row in templates.everything()}
    assert rows["order_news", "en_US"].counts_as == "MARKETING", "the coming category counts"
    assert rows["opt_out_confirmed", "en_US"].counts_as == "UTILITY"
    assert not rows["spring_sale", "de"].usable
    assert rows["spring_sale", "pt_BR"].components[1]["text"] == "Not interested? Tap Stop promotions"
    assert (sending().templates_synced_at, sending().templates_failed_at) == (NOON, None)


@pytest.mark.usefixtures("in_context")
@pytest.mark.parametrize(
    ("level", "status", "rate", "endpoint"),
    [("STANDARD", "INELIGIBLE", 80, False), ("HIGH", "ONBOARDED", 1000, True), ("NEW", None, None, False)],
)
def test_throughput_and_marketing_endpoint_are_learnt(graph, level, status, rate, endpoint):
    graph.throughput, graph.marketing_api = level, status
    synchronise(settings(graph), NOON)
    assert (sending().rate, sending().marketing_endpoint) == (rate, endpoint)


def test_two_synchronisations_at_once_take_turns(app, graph):
    def run(_n: int) -> int:
        with app.app_context():
            return synchronise(settings(graph), NOON)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, range(4))) == [4] * 4
    with app.app_context():
        assert len(templates.everything()) == 4


FAILURES = [
    (Script.error(190, 401), "WhatsApp does not take the access token."),
    (Script.error(4, 400), "Too many calls to WhatsApp."),
    (Script.raw(500, b"<html>"), "WhatsApp refused it without a reason."),
    (Script.raw(200, b"<html>"), management.UNREADABLE),
    (Script(200, {"data": None}), management.UNREADABLE),
    (Script(200, {"data": [{"name": "half"}]}), management.UNREADABLE),
    (Script.raw(302, b"", Location="/elsewhere"), "The address of the Graph API leads elsewhere."),
]


@pytest.mark.usefixtures("in_context")
@pytest.mark.parametrize(("answer", "sentence"), FAILURES, ids=[row[1] for row in FAILURES])
def test_a_failure_is_recorded_and_changes_no_template(graph, answer, sentence):
    synchronise(settings(graph), NOON)
    graph.failure = answer
    with pytest.raises(CallFailed, match=sentence):
        synchronise(settings(graph), LATER)
    assert (sending().templates_failed_at, sending().templates_failure) == (LATER, sentence)
    assert sending().templates_synced_at == NOON
    assert [row.removed_at for row in templates.everything()] == [None] * 4
    graph.failure = None
    synchronise(settings(graph), LATER)
    assert (sending().templates_failed_at, sending().templates_failure) == (None, "")


@pytest.mark.usefixtures("in_context")
def test_nobody_there_and_no_answer_are_told_apart(graph, monkeypatch):
    with pytest.raises(CallFailed, match="could not be reached"):
        synchronise(settings(graph, GRAPH_API_URL="http://127.0.0.1:9"), NOON)
    monkeypatch.setattr(management, "SECONDS", 0.000001)
    with pytest.raises(CallFailed, match="did not answer in time"):
        synchronise(settings(graph), NOON)


@pytest.mark.usefixtures("in_context")
def test_a_list_without_end_is_given_up(graph, monkeypatch):
    monkeypatch.setattr(template_sync, "MOST_PAGES", 3)
    graph.page_size = 1
    with pytest.raises(CallFailed, match="more than 3 pages"):
        synchronise(settings(graph), NOON)


def test_the_command_says_how_many_there_are(app, graph):
    app.config["HEED"] = settings(graph)
    result = app.test_cli_runner().invoke(templates_group, ["sync"])
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "4 templates.\n")


def test_the_command_fails_with_a_sentence(app, graph):
    app.config["HEED"] = settings(graph, WHATSAPP_ACCESS_TOKEN="")
    result = app.test_cli_runner().invoke(templates_group, ["sync"])
    assert result.exit_code == 1
    assert result.stderr == "Error: WHATSAPP_ACCESS_TOKEN must be set to fetch templates.\n"


def running(category: str = "UTILITY") -> int:
    template = a_template("order_news", "UTILITY")
    template.external_id = "610000000000001"
    return a_campaign(template, status="running", category=category).id


WEBHOOKS = [
    ("template_category_update_impending", "category", "MARKETING", "APPROVED"),
    ("template_category_update_completed", "category", "MARKETING", "APPROVED"),
    ("template_status_paused", "template", "MARKETING", "PAUSED"),
    ("template_status_approved", "category", "MARKETING", "APPROVED"),
    ("account_update_restriction", "restriction", "UTILITY", "APPROVED"),
]
"""A payload, why a running utility campaign pauses, and what its template is then."""


@pytest.mark.parametrize(("file", "code", "counts_as", "status"), WEBHOOKS, ids=[row[0] for row in WEBHOOKS])
def test_a_notice_pauses_the_campaigns_that_it_concerns(app, file, code, counts_as, status):
    with app.app_context():
        campaign_id = running()
    next_week = str(int(clock.now().timestamp()) + 7 * 86_400).encode()
    body = payload(file).replace(b"1795770000", next_week)  # when the restriction of the payload ends
    assert post(app.test_client(), body).status_code == 200
    with app.app_context():
        campaign = db.session.get_one(Campaign, campaign_id)
        assert campaign.status == "paused"
        assert campaign.pause_code == code
        assert (campaign.template.counts_as, campaign.template.status) == (counts_as, status)


def test_a_restriction_is_over_when_its_time_is_or_when_it_is_lifted(app):
    def restricts(**value: object) -> datetime | None:
        deliver(app, a_change("account_update", **value))
        with app.app_context():
            return switch.current().restricted_until

    def piece(end: int) -> list[dict[str, object]]:
        return [{"restriction_type": "RESTRICTED_BIZ_INITIATED_MESSAGING", "expiration": end}]

    assert restricts(event="ACCOUNT_RESTRICTION", restriction_info=piece(1700000000)) is None
    assert restricts(event="DISABLED_UPDATE", ban_info={"waba_ban_state": "DISABLE"}).year > 2900
    assert restricts(event="DISABLED_UPDATE", ban_info={"waba_ban_state": "REINSTATE"}) is None


def test_more_throughput_and_the_marketing_terms_are_noted(app):
    deliver(app, a_change("phone_number_quality_update", event="THROUGHPUT_UPGRADE"))
    deliver(app, a_change("account_update", event="MM_LITE_TERMS_SIGNED"))
    with app.app_context():
        assert (sending().rate, sending().marketing_endpoint) == (1000, True)


def test_a_notice_of_another_account_changes_nothing(app):
    app.config["HEED"] = dataclasses.replace(app.config["HEED"], business_account_id="1")
    with app.app_context():
        campaign_id = running()
    assert post(app.test_client(), payload("template_status_paused")).status_code == 200
    with app.app_context():
        assert db.session.get_one(Campaign, campaign_id).status == "running"


def test_a_notice_about_a_template_that_is_not_here_is_kept(app):
    assert post(app.test_client(), payload("template_category_update_impending")).status_code == 200
    with app.app_context():
        assert templates.everything() == []
