"""What people see on /templates, and how a manager brings it up to date."""

import dataclasses
import json
from datetime import timedelta

import pytest

from tests.campaigns.factories import GREETING, a_campaign, a_template
from tests.factories import a_customer
from webapp import clock
from webapp.campaigns import switch
from webapp.campaigns.models import Template
from webapp.extensions import db


def rows(page) -> list[list[str]]:
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])[:4]] for row in
            page.select("tbody tr")]  # fmt: skip


def test_everybody_sees_the_templates_their_states_and_what_is_coming(desk, app):
    with app.app_context():
        soon = clock.now() + timedelta(days=1)
        a_template("order_news", "UTILITY", coming_category="MARKETING", coming_at=soon, components=GREETING)
        a_template("spring_sale", language="de", status="PAUSED")
        a_template("spring_sale", language="pt_BR", removed_at=clock.now())
        a_template("welcome", "UTILITY", coming_category="UTILITY", status="PENDING_DELETION")
        a_template("<b>odd</b>", "", status="PENDING")
    page = desk("viewer").soup("/templates")
    [odd, news, paused, removed, welcome] = rows(page)
    assert news[:2] == ["order_news", "en_US"]
    assert news[2].startswith("Utility Marketing from")
    assert news[3] == "Approved"
    assert (paused[3], removed[3], welcome[2:]) == ("Paused", "Removed", ["Utility", "Pending deletion"])
    assert (odd[0], odd[2], odd[3]) == ("<b>odd</b>", "Unknown", "Pending")


def test_an_empty_page_says_where_templates_come_from(desk, app):
    page = desk("viewer").get("/templates").text
    assert "No templates yet" in page
    assert "Never synchronised" in page
    with app.app_context():
        switch.current().templates_synced_at = clock.now()
        db.session.commit()
    assert "The WhatsApp account has no templates" in desk("viewer").get("/templates").text


def test_the_page_says_when_and_why_the_last_synchronisation_failed(desk, app):
    assert not desk("viewer").soup("/templates").select("#templates-failure")
    with app.app_context():
        sending = switch.current()
        sending.templates_failed_at, sending.templates_failure = clock.now(), "WhatsApp could not be reached."
        db.session.commit()
    [notice] = desk("viewer").soup("/templates").select("#templates-failure")
    assert "failed just now: WhatsApp could not be reached." in notice.get_text()


@pytest.fixture
def asked(app) -> list[str]:
    """What was put on the queue, which does not leave this process."""
    asked: list[str] = []
    app.extensions["heed-tasks"] = {
        "sync templates": lambda: asked.append("sync templates"),
        "shorten templates": lambda id: asked.append(f"shorten {id}"),
    }
    app.config["HEED"] = dataclasses.replace(
        app.config["HEED"], access_token="a token", business_account_id="210000000000001"
    )
    return asked


def test_a_manager_has_the_worker_synchronise(desk, asked):
    client = desk("manager")
    answer = client.htmx("/templates/sync", method="POST", page="/templates")
    assert "Synchronising…" in json.loads(answer.headers["HX-Trigger"])["toast"]["message"]
    assert client.send("/templates/sync").location == "/templates"
    assert "Synchronising…" in client.get("/templates").text
    assert asked == ["sync templates"] * 2


def test_without_credentials_a_manager_is_told_what_to_set(desk, app, asked):
    app.config["HEED"] = dataclasses.replace(app.config["HEED"], access_token="")
    answer = desk("manager").htmx("/templates/sync", method="POST", page="/templates")
    toast = json.loads(answer.headers["HX-Trigger"])["toast"]
    assert toast["bad"]
    assert "WHATSAPP_ACCESS_TOKEN" in toast["message"]
    assert asked == []


def test_only_managers_synchronise(desk):
    for role in ("viewer", "agent"):
        assert desk(role).send("/templates/sync").status_code == 403
        assert not desk(role).soup("/templates").select("#templates-sync")
    assert desk("manager").soup("/templates").select("#templates-sync")


def marketing(app, *, endpoint: bool = True, **columns) -> int:
    with app.app_context():
        switch.current().marketing_endpoint = endpoint
        return a_template("sale", **columns).id


LIFETIMES = [
    ({}, "30 days", True),
    ({"ttl_seconds": 259200}, "3 days", True),
    ({"ttl_seconds": 43200}, "12 hours", False),
    ({"ttl_seconds": 43200, "endpoint": False}, "30 days", False),
    ({"category": "UTILITY"}, "–", False),
    ({"category": "UTILITY", "coming_category": "MARKETING"}, "30 days", False),
    ({"status": "PAUSED"}, "–", False),
]
"""A template, within what its messages are delivered, and whether 12 hours are offered."""


@pytest.mark.parametrize(("columns", "words", "offered"), LIFETIMES)
def test_a_marketing_template_shows_how_long_it_is_tried_and_what_can_be_done(
    desk, app, columns, words, offered
):
    id = marketing(app, **columns)
    page = desk("manager").soup("/templates")
    cell = page.select_one(f"#template-{id} .lifetime")
    assert cell.get_text(" ", strip=True).removesuffix(" Set 12 hours") == words
    assert bool(cell.select("button")) is offered
    assert bool(page.select("#templates-shorten")) is offered
    assert not desk("agent").soup("/templates").select(".lifetime button, #templates-shorten")


def test_a_manager_has_the_worker_set_12_hours_for_one_or_for_all(desk, app, asked):
    id = marketing(app)
    client = desk("manager")
    answer = client.htmx("/templates/shorten", method="POST", page="/templates", template=str(id))
    assert "WhatsApp is asked" in json.loads(answer.headers["HX-Trigger"])["toast"]["message"]
    assert client.send("/templates/shorten", template="0").location == "/templates"
    assert asked == [f"shorten {id}", "shorten 0"]
    assert desk("agent").send("/templates/shorten", template="0").status_code == 403


def test_nothing_is_asked_where_nothing_is_offered(desk, app, asked):
    id = marketing(app, ttl_seconds=43200)
    answer = desk("manager").htmx("/templates/shorten", method="POST", page="/templates", template=str(id))
    assert json.loads(answer.headers["HX-Trigger"])["toast"]["bad"]
    assert asked == []


def test_a_failure_stands_beside_the_template_until_it_is_short(desk, app):
    id = marketing(app, ttl_failure="The access token lacks a permission.")
    assert "lacks a permission" in desk("viewer").soup("/templates").select_one(f"#template-{id}").text
    with app.app_context():
        db.session.get_one(Template, id).ttl_seconds = 43200
        db.session.commit()
    assert "lacks a permission" not in desk("viewer").soup("/templates").select_one(f"#template-{id}").text


def test_the_review_says_how_late_a_message_may_come(desk, app):
    id = marketing(app)
    with app.app_context():
        campaign = a_campaign(db.session.get_one(Template, id), a_customer()).id
    manager = desk("manager")
    note = manager.soup(f"/campaigns/{campaign}/review").select_one("#lifetime-note")
    assert "up to 30 days later, also after the customer opted out. Set 12 hours" in note.text
    assert note.select_one("a")["href"] == f"/templates#template-{id}"
    with app.app_context():
        db.session.get_one(Template, id).ttl_seconds = 43200
        db.session.commit()
    note = manager.soup(f"/campaigns/{campaign}/review").select_one("#lifetime-note")
    assert note.text == "A phone that is off gets this message up to 12 hours later."
