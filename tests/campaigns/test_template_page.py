"""What people see on /templates, and how a manager brings it up to date."""

import dataclasses
import json
from datetime import timedelta

import pytest

from tests.campaigns.factories import a_template
from webapp import clock
from webapp.campaigns import switch
from webapp.extensions import db


def rows(page) -> list[list[str]]:
    return [[cell.get_text(" ", strip=True) for cell in row.find_all(["th", "td"])[:4]] for row in
            page.select("tbody tr")]  # fmt: skip


def test_everybody_sees_the_templates_their_states_and_what_is_coming(desk, app):
    with app.app_context():
        soon = clock.now() + timedelta(days=1)
        a_template("order_news", "UTILITY", coming_category="MARKETING", coming_at=soon)
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
    app.extensions["heed-tasks"] = {"sync templates": lambda: asked.append("sync templates")}
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
