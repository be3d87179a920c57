"""The report, the decision record and the page of reports, as people of each role meet them."""

import csv
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup

from tests.campaigns.factories import a_campaign, a_template
from tests.factories import NOON, a_customer, at
from webapp import clock
from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import records
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.formatting import instant, iso

HOSTILE = '=cmd|"/c calc"!A1<script>alert(1)</script>'


@pytest.fixture
def campaign(app) -> int:
    """A running campaign with nobody in it."""
    with app.app_context():
        made = a_campaign(a_template(), name=HOSTILE, status="running", launched_at=clock.now())
        return made.id


@pytest.fixture
def delivery(app, campaign) -> Callable[..., int]:
    """Another delivery of that campaign, to a customer with a hostile name."""

    def made(state: str, name: str = HOSTILE, phone: str | None = None, **columns: Any) -> int:
        with app.app_context():
            customer = a_customer(name, Status.OPTED_IN, phone)
            row = Delivery(campaign_id=campaign, customer_id=customer.id, state=state, **columns)
            db.session.add(row)
            db.session.commit()
            return row.id

    return made


def rows_of(answer) -> list[dict[str, str]]:
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(answer.text.splitlines()))


def report(client, campaign: int) -> BeautifulSoup:
    return BeautifulSoup(client.htmx(f"/campaigns/{campaign}/report").text, "html.parser")


def test_the_report_refreshes_itself_while_the_campaign_runs_and_then_tells_the_page(
    app, desk, campaign
) -> None:
    viewer = desk("viewer")
    assert report(viewer, campaign).select_one("#report")["hx-get"] == f"/campaigns/{campaign}/report"
    with app.app_context():
        db.session.get_one(Campaign, campaign).status = "finished"
        db.session.commit()
    ended = viewer.htmx(f"/campaigns/{campaign}/report")
    assert "campaign:changed" in ended.headers["HX-Trigger"]
    assert "hx-trigger" not in ended.text


def test_list_and_report_agree_on_what_was_handed_over_and_what_is_to_decide(
    desk, campaign, delivery
) -> None:
    for state in ("sent", "unknown", "unknown", "queued", "suppressed"):
        delivery(state)
    viewer = desk("viewer")
    progress = report(viewer, campaign).select_one(".handed").get_text(" ", strip=True)
    assert "1 of 4 handed to WhatsApp · 2 unknown wait for a decision" in progress
    row = viewer.soup("/campaigns").select_one(f"#campaign-{campaign}")
    assert "1 of 4" in row.text
    link = row.select_one(f"#decide-{campaign}")
    assert link.text == "2 to decide"
    assert len(viewer.soup(link["href"]).select("tbody tr")) == 2


def test_the_numbers_of_the_report_lead_to_the_people(desk, campaign, delivery) -> None:
    delivery("suppressed", reason="opted_out")
    delivery("failed", reason="refused", error_code=131026, started_at=NOON)
    viewer = desk("viewer")
    shown = report(viewer, campaign)
    for id in ("report-left-out-opted_out", "report-left-out-all", "report-failed-1", "report-failed"):
        people = viewer.soup(shown.select_one(f"#{id}")["href"])
        assert len(people.select("tbody tr")) == 1, id
    assert "131026" in shown.select_one(".failures").text


def test_a_report_shows_what_came_after_an_opt_out_but_started_before_it(desk, campaign, delivery) -> None:
    delivery("delivered", started_at=NOON, delivered_at=at(60), after_opt_out=True)
    delivery("delivered", started_at=NOON, delivered_at=at(60))
    viewer = desk("viewer")
    link = report(viewer, campaign).select_one("#report-after")
    assert link.text == "1 message"
    page = viewer.soup(link["href"])
    assert len(page.select("tbody tr")) == 1
    assert "on the way before it" in page.select_one("tbody").text


def test_a_country_that_whatsapp_forbids_is_told_and_leads_to_its_people(desk, campaign, delivery) -> None:
    assert "country" not in report(desk("viewer"), campaign).text
    for _ in range(2):
        delivery("failed", reason="refused", error_code=130497)
    page = report(desk("viewer"), campaign)
    assert page.select_one(".notice.bad a").text == "2 customers"
    people = desk("viewer").soup(page.select_one("#report-forbidden")["href"])
    assert len(people.select("tbody tr")) == 2


def test_every_chart_has_words_a_table_and_a_file(desk, campaign, delivery) -> None:
    delivery("delivered", started_at=NOON)
    viewer = desk("viewer")
    for page in (report(viewer, campaign), viewer.soup("/reports")):
        charts = page.select("svg.drawn")
        assert charts
        for chart in charts:
            assert chart["role"] == "img"
            assert chart.find("title").text
            assert chart.find("desc").text
            card = chart.find_parent("section")
            assert card.select("details ~ .scroll-x table td")
            assert viewer.get(card.select_one(".behind a")["href"]).mimetype == "text/csv"


def test_opt_outs_caused_lead_to_the_people_who_opted_out(app, desk, campaign, delivery) -> None:
    lost = delivery("read", "Ana", started_at=NOON)
    delivery("read", "Ben", started_at=NOON)
    with app.app_context():
        customer = db.session.get_one(Customer, db.session.get_one(Delivery, lost).customer_id)
        ledger.record(customer, Statement(Status.OPTED_OUT, Source.AGENT, "user:1", at(60)))
        db.session.commit()
    viewer = desk("viewer")
    page = viewer.soup(report(viewer, campaign).select_one("#report-lost")["href"])
    assert [name.text for name in page.select("tbody .name")] == ["Ana"]
    assert page.title.text.startswith("Opted out after this campaign · ")
    rows = rows_of(viewer.get(page.select_one("#record-file")["href"]))
    assert [row["name"] for row in rows] == ["Ana"]


def test_the_page_of_a_campaign_tells_its_state_aloud_and_has_the_record_as_a_file(
    desk, campaign, delivery
) -> None:
    delivery("queued")
    viewer = desk("viewer")
    page = viewer.soup(f"/campaigns/{campaign}")
    assert page.select_one("#launched [role=status]").text == "The campaign is running."
    assert len(rows_of(viewer.get(page.select_one("#record-csv")["href"]))) == 1
    assert page.select_one("#show-back")["href"] == "/campaigns"
    assert page.select_one("#cancel") is None
    assert desk("manager").soup(f"/campaigns/{campaign}").select_one("#cancel").text == "Cancel campaign"


def test_the_record_tells_what_the_gate_saw(desk, campaign, delivery) -> None:
    delivery(
        "read", started_at=NOON, read_at=at(60), gate_category="MARKETING", gate_status="opted_in",
        gate_event_id=7, gate_stopped=False, gate_held=False,
    )  # fmt: skip
    delivery("suppressed", reason="platform_stop")
    delivery(
        "suppressed", reason="opted_out", gate_category="MARKETING", gate_status="opted_out",
        gate_event_id=8, gate_stopped=False, gate_held=False,
    )  # fmt: skip
    delivery("queued")
    page = desk("viewer").soup(f"/campaigns/{campaign}/deliveries")
    assert [time["title"] for time in page.select(".moment time")] == [instant(NOON), instant(at(60))]
    assert [cell.find(string=True).strip() for cell in page.select(".saw")] == [
        "Marketing · Opted In · event 7 · no stop · no hold",
        "Left out at the launch: stopped in WhatsApp",
        "Marketing · Opted Out · event 8 · no stop · no hold",
        "Nothing: it never started",
    ]


def test_the_record_goes_on_page_by_page_and_keeps_its_filter(desk, campaign, delivery, monkeypatch) -> None:
    monkeypatch.setattr(records, "PER_PAGE", 2)
    for n in range(5):
        delivery("suppressed", name=f"Customer {n}", reason="opted_out")
    delivery("queued")
    viewer = desk("viewer")
    names, url = [], f"/campaigns/{campaign}/deliveries?state=suppressed"
    while url:
        page = viewer.soup(url)
        names += [name.text for name in page.select("tbody .name")]
        link = page.select_one("#record-next")
        url = link["href"] if link else ""
    assert names == [f"Customer {n}" for n in range(5)]


@pytest.mark.parametrize("query", ["state=nothing", "state=%00"])
def test_a_state_that_does_not_exist_is_no_page(desk, campaign, query) -> None:
    assert desk("viewer").get(f"/campaigns/{campaign}/deliveries?{query}").status_code == 404


@pytest.mark.parametrize("query", ["after=x", "after=-1", "code=x", "reason=%00", "after=99999999"])
def test_parameters_that_make_no_sense_do_no_harm(desk, campaign, delivery, query) -> None:
    delivery("queued")
    assert desk("viewer").get(f"/campaigns/{campaign}/deliveries?{query}").status_code == 200


def test_viewers_see_masked_numbers_in_the_page_and_in_the_file(desk, campaign, delivery) -> None:
    delivery("queued", phone="+55 11 91234-5678")
    for role, seen in (("viewer", False), ("agent", True)):
        client = desk(role)
        page = client.get(f"/campaigns/{campaign}/deliveries").text
        file = client.get(f"/campaigns/{campaign}/deliveries.csv").text
        assert ("1234" in page, "1234" in file) == (seen, seen)


def test_the_file_holds_all_deliveries_in_parts_and_no_formula(
    app, desk, campaign, delivery, monkeypatch
) -> None:
    monkeypatch.setattr(records, "CHUNK", 2)
    for state in ("queued", "sent", "failed", "read", "cancelled"):
        delivery(state, settled_why="@why", wamid=f"=wamid.{state}")
    rows = rows_of(desk("agent").get(f"/campaigns/{campaign}/deliveries.csv"))
    assert [row["state"] for row in rows] == ["queued", "sent", "failed", "read", "cancelled"]
    assert rows[0]["name"] == f"'{HOSTILE}"
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


def test_the_file_holds_what_the_page_is_filtered_to(desk, campaign, delivery) -> None:
    delivery("suppressed", reason="opted_out")
    delivery("suppressed", reason="on_hold")
    page = desk("viewer").soup(f"/campaigns/{campaign}/deliveries?state=suppressed&reason=on_hold")
    rows = rows_of(desk("viewer").get(page.select_one("#record-file")["href"]))
    assert [row["reason"] for row in rows] == ["on_hold"]


def test_hostile_names_are_text(desk, campaign, delivery) -> None:
    delivery("unknown", started_at=NOON, reason="timeout")
    manager = desk("manager")
    for page in (f"/campaigns/{campaign}/deliveries", "/reports"):
        shown = manager.soup(page)
        assert HOSTILE in shown.text
        assert not shown.find("script", string=True)


def settle_url(campaign: int, delivery_id: int) -> str:
    return f"/campaigns/{campaign}/deliveries/{delivery_id}/settle"


@pytest.mark.parametrize(("arrived", "state"), [("yes", "sent"), ("no", "failed")])
def test_a_manager_decides_about_an_unknown_one_with_a_reason(
    app, desk, campaign, delivery, arrived, state
) -> None:
    id = delivery("unknown", started_at=NOON, reason="timeout")
    manager = desk("manager")
    record = manager.soup(f"/campaigns/{campaign}/deliveries?state=unknown")
    assert record.select_one(f"#delivery-{id}-decide")["href"] == settle_url(campaign, id)
    answer = manager.htmx(settle_url(campaign, id), method="POST", arrived=arrived, why="She told me")
    assert answer.status_code == 204
    with app.app_context():
        settled = db.session.get_one(Delivery, id)
        assert (settled.state, settled.settled_why) == (state, "She told me")
        assert settled.settled_by.startswith("user:")
    rows = rows_of(manager.get(f"/campaigns/{campaign}/deliveries.csv"))
    assert rows[0]["settled_why"] == "She told me"


@pytest.mark.parametrize(
    "fields", [{"arrived": "yes", "why": " "}, {"why": "x"}, {"arrived": "no", "why": "x" * 501}]
)
def test_a_decision_without_an_answer_or_a_reason_is_asked_for_again(
    app, desk, campaign, delivery, fields
) -> None:
    id = delivery("unknown", reason="timeout")
    answer = desk("manager").htmx(settle_url(campaign, id), method="POST", **fields)
    assert answer.status_code == 422
    assert "error" in answer.text
    with app.app_context():
        assert db.session.get_one(Delivery, id).state == "unknown"


def test_a_receipt_that_came_first_stands(app, desk, campaign, delivery) -> None:
    id = delivery("delivered", started_at=NOON)
    answer = desk("manager").htmx(settle_url(campaign, id), method="POST", arrived="no", why="Nothing came")
    assert "settled already" in answer.headers["HX-Trigger"]
    with app.app_context():
        assert db.session.get_one(Delivery, id).state == "delivered"


@pytest.mark.parametrize("role", ["viewer", "agent"])
def test_only_managers_decide(desk, campaign, delivery, role) -> None:
    id = delivery("unknown", reason="timeout")
    client = desk(role)
    assert client.soup(f"/campaigns/{campaign}/deliveries").select_one(f"#delivery-{id}-decide") is None
    assert client.get(settle_url(campaign, id)).status_code == 403
    assert client.send(settle_url(campaign, id), arrived="yes", why="x").status_code == 403


def test_a_delivery_of_another_campaign_is_not_there(desk, campaign, delivery) -> None:
    id = delivery("unknown", reason="timeout")
    assert desk("manager").get(settle_url(campaign + 1, id)).status_code == 404


@pytest.mark.parametrize("days", ["", "?days=30", "?days=90", "?days=365", "?days=7", "?days=x"])
def test_reports_are_there_for_each_period(desk, days) -> None:
    assert desk("viewer").get(f"/reports{days}").status_code == 200


@pytest.mark.parametrize(
    "name", ["opt-outs", "opt-ins", "proof", "stop-times", "campaigns", "templates"]
)  # fmt: skip
def test_every_report_is_a_file_without_formulas(desk, campaign, delivery, name) -> None:
    delivery("delivered", started_at=NOON)
    rows = rows_of(desk("viewer").get(f"/reports/{name}.csv?days=90"))
    for row in rows:
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert desk("viewer").get("/reports/nothing.csv").status_code == 404


DECISIONS = [
    ("left out at the launch", "suppressed", {}, "launch"),
    ("left out by the claim", "suppressed", {"lease_until": at(90), "gate_status": "opted_out"}, iso(at(30))),
    ("started", "sent", {"lease_until": at(90), "started_at": at(30)}, iso(at(30))),
    ("refused, and waits for another attempt", "queued", {"lease_until": at(90)}, iso(at(30))),
    ("not asked about yet", "queued", {}, ""),
    ("cancelled before its turn", "cancelled", {}, ""),
]


@pytest.mark.parametrize(("sentence", "state", "columns", "expected"), DECISIONS)
def test_the_record_says_when_it_was_decided(
    app, desk, campaign, delivery, sentence, state, columns, expected
) -> None:
    delivery(state, **columns)
    viewer = desk("viewer")
    (row,) = rows_of(viewer.get(f"/campaigns/{campaign}/deliveries.csv"))
    with app.app_context():
        launched_at = db.session.get_one(Campaign, campaign).launched_at
    launch = launched_at.isoformat().replace("+00:00", "Z")
    assert row["decided_at"] == (launch if expected == "launch" else expected), sentence
    shown = viewer.soup(f"/campaigns/{campaign}/deliveries").select_one("tbody .saw").text
    assert ("Decided" in shown) == bool(expected and "started_at" not in columns)


def test_reports_show_no_rate_of_few(desk, campaign, delivery) -> None:
    delivery("delivered", started_at=NOON)
    page = desk("viewer").soup("/reports")
    assert "too few to compare" in page.select_one(f"#campaign-{campaign}").find_parent("tr").text


def test_the_auditor_shows_a_message_that_was_planted_after_an_opt_out(app, desk, campaign, delivery) -> None:
    viewer = desk("viewer")
    delivery("sent", started_at=at(60), gate_category="MARKETING", gate_status="opted_in")
    assert "1 marketing message, none started after an opt-out" in viewer.get("/reports/audit").text
    planted = delivery("sent", started_at=at(60), gate_category="MARKETING", gate_status="opted_out")
    page = viewer.soup("/reports/audit")
    assert page.select_one(f"#audit-{planted}").text == HOSTILE
    assert page.select_one(f"#audit-{planted}-campaign").text == HOSTILE
    assert "opted out" in page.select_one("tbody").text
    assert instant(at(60)) in page.select_one("tbody").text
    assert len(page.select_one("tbody").select("tr")) == 1


def test_the_auditor_names_the_opt_out_in_its_page_and_in_its_file(app, desk, campaign, delivery) -> None:
    planted = delivery("sent", started_at=at(600), gate_category="MARKETING", gate_status="opted_in")
    with app.app_context():
        customer = db.session.get_one(Customer, db.session.get_one(Delivery, planted).customer_id)
        said = Statement(Status.OPTED_OUT, Source.AGENT, "user:1", at(60))
        event = ledger.record(customer, said).id
        db.session.commit()
    viewer = desk("viewer")
    assert f"event {event} · {instant(at(60))}" in viewer.soup("/reports/audit").select_one("tbody").text
    (row,) = rows_of(viewer.get("/reports/audit.csv"))
    assert (row["event_id"], row["event_at"]) == (str(event), iso(at(60)))
    assert row["customer"] == f"'{HOSTILE}"
