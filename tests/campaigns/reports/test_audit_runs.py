"""The auditor's runs: kept by night, by command and on wish; shown, and measured."""

import json
from datetime import timedelta

import pytest

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer, at
from webapp import clock
from webapp.campaigns.commands import audit_command
from webapp.campaigns.models import AuditRun, Delivery
from webapp.campaigns.reports import audit_runs
from webapp.consent.rules import Status
from webapp.extensions import db
from webapp.whatsapp import launch


@pytest.fixture
def plant(app):
    """A marketing message that started, with what its gate says that it saw."""

    def planted(gate_status: str) -> None:
        with app.app_context():
            campaign = a_campaign(a_template(f"sale_{gate_status}"))
            row = Delivery(campaign_id=campaign.id, customer_id=a_customer(status=Status.OPTED_IN).id,
                           state="sent", started_at=at(60), gate_category="MARKETING",
                           gate_status=gate_status)  # fmt: skip
            db.session.add(row)
            db.session.commit()

    return planted


def kept(app) -> list[tuple[str, int, int]]:
    with app.app_context():
        return [(run.ran_by, run.checked, run.found) for run in audit_runs.newest()]


def test_the_night_keeps_what_the_auditor_found_and_the_desk_shows_and_measures_it(
    app, client, desk, plant, caplog
):
    plant("opted_in")
    plant("opted_out")
    launch.nightly(app)
    assert kept(app) == [("system", 2, 1)]
    assert "the auditor found 1 marketing messages" in caplog.text
    viewer = desk("viewer")
    alert = viewer.soup("/reports").select_one("#reports-violations")
    assert alert["role"] == "alert"
    assert "1 of 2 marketing messages started after an opt-out, says the check of today" in alert.text
    assert viewer.get(alert.select_one("a")["href"]).status_code == 200
    [row] = viewer.soup("/reports/audit").select("#audit-runs tbody tr")
    assert [cell.text for cell in row.select("td")][1:] == ["2", "1", "Heed, by itself"]
    assert "heed_audit_violations 1.0" in client.get("/metrics").text


def test_a_clean_night_says_when_and_over_how_many_it_looked(app, client, desk, plant):
    page = desk("viewer").soup("/reports")
    assert "It has not run yet" in page.select_one("#reports-last-run").text
    assert "heed_audit" not in client.get("/metrics").text
    plant("opted_in")
    launch.nightly(app)
    page = desk("viewer").soup("/reports")
    words = page.select_one("#reports-last-run").get_text(" ", strip=True)
    assert words.startswith("Last checked today ")
    assert ": 1 marketing message, none started after an opt-out." in words
    assert not page.select("#reports-violations")
    metrics = client.get("/metrics").text
    assert "heed_audit_violations 0.0" in metrics
    assert "heed_audit_last_run_seconds" in metrics


def test_the_command_keeps_its_run_too(app, plant):
    plant("opted_out")
    result = app.test_cli_runner().invoke(audit_command)
    assert (result.exit_code, "customer" in result.stdout) == (1, True)
    assert kept(app) == [("command", 1, 1)]


def test_an_agent_has_the_worker_check_and_the_page_fetches_the_answer(app, desk):
    asked = []
    app.extensions["heed-tasks"] = {"audit": asked.append}
    agent = desk("agent")
    answer = agent.htmx("/reports/audit", method="POST", page="/reports/audit")
    assert "audit:asked" in json.loads(answer.headers["HX-Trigger"])
    assert agent.send("/reports/audit").location == "/reports/audit"
    assert len(asked) == 2
    assert asked[0].startswith("user:")
    launch.ask_auditor(app, asked[0])
    [row] = agent.soup("/reports/audit").select("#audit-runs tbody tr")
    assert row.select("td")[-1].text == "Dana Kim"


def test_a_viewer_asks_only_by_looking(app, desk):
    viewer = desk("viewer")
    assert viewer.send("/reports/audit").status_code == 403
    assert not viewer.soup("/reports/audit").select("#audit-keep")
    assert kept(app) == []


def test_the_last_thirty_runs_are_shown_the_newest_first(app, desk):
    with app.app_context():
        for n in range(31):
            ran_at = clock.now() - timedelta(days=n)
            db.session.add(AuditRun(ran_at=ran_at, ran_by="system", checked=31 - n, found=0))
        db.session.commit()
        assert audit_runs.last().checked == 31
    rows = desk("viewer").soup("/reports/audit").select("#audit-runs tbody tr")
    assert [row.select("td")[1].text for row in rows] == [str(n) for n in range(31, 1, -1)]


def test_a_run_keeps_the_moment_that_it_was_asked_at(app):
    with app.app_context():
        assert audit_runs.run("system", NOON) == []
        assert audit_runs.last().ran_at == NOON
