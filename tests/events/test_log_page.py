"""The consent log: what its lines say, what it is limited to, and who may read what."""

import csv
import io
import json

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import text

from tests.campaigns.factories import a_running_campaign, a_template, claimed
from tests.factories import NOON, a_customer, at
from tests.rows import every
from tests.statements import counted
from webapp.campaigns import switch
from webapp.campaigns.models import Delivery
from webapp.consent import batches, disclosures, ledger, log_query, undoing
from webapp.consent.batches import BatchKind
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.log_query import Wanted
from webapp.consent.models import ConsentEvent, Disclosure
from webapp.consent.rules import Kind, Source, Status, Turn
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
HOSTILE = '=HYPERLINK("http://evil.example")<script>alert(1)</script>'


def said(customer: Customer, status: Status, source: Source, seconds: float = 5, **more) -> ConsentEvent:
    actor = more.pop("actor", "customer")
    proof = Proof("whatsapp", more.pop("words", "STOP"), "STOP")
    event = ledger.record(customer, Statement(status, source, actor, at(seconds), proof=proof, **more))
    db.session.commit()
    return event


def titles(soup: BeautifulSoup) -> list[str]:
    return [cell.get_text(" ", strip=True) for cell in soup.select(".log tbody .log-what")]


@pytest.fixture
def ana(app) -> int:
    """Opted in by import, opted out by keyword, and once more."""
    with app.app_context():
        customer = a_customer("Ana Souza", IN)
        said(customer, OUT, Source.KEYWORD, 5)
        said(customer, OUT, Source.KEYWORD, 6)
        return customer.id


def test_the_newest_stands_first_with_what_it_changed_or_why_not(desk, ana):
    assert titles(desk("agent").soup("/events")) == [
        "Opted Out by keyword No effect: this was so already. STOP",
        "Opted Out by keyword Opted In → Opted Out STOP",
        "Opted In by import No record → Opted In Yes, send me offers",
    ]


def test_an_undo_says_back_to_what(desk, app):
    with app.app_context():
        customer = a_customer(status=IN)
        event = said(customer, OUT, Source.AGENT, actor="user:1")
        undoing.undo(customer, event.id, actor="user:1", now=at(9))
        db.session.commit()
    assert titles(desk("agent").soup("/events"))[0] == "Undone: back to Opted In Opted Out → Opted In"


def test_words_of_customers_are_for_agents(desk, app):
    with app.app_context():
        said(a_customer(), OUT, Source.KEYWORD, words="Stop, my number is +55 11 98812-4410")
    assert "98812" in desk("agent").get("/events").text
    viewer = desk("viewer")
    assert "98812" not in viewer.get("/events").text
    assert "98812" not in viewer.get("/events/log.csv").text


def test_names_and_words_are_text(desk, app):
    with app.app_context():
        said(a_customer(HOSTILE), OUT, Source.KEYWORD, words=HOSTILE)
    client = desk("agent")
    assert "<script>alert" not in client.get("/events").text
    rows = list(csv.DictReader(io.StringIO(client.get("/events/log.csv").text)))
    assert rows[0]["evidence"] == "'" + HOSTILE


FILTERS = [
    ("actor=user:1", ["agent"]), ("source=keyword", ["keyword"]), ("kind=platform_stop", ["platform"]),
    ("kind=policy", ["policy"]), ("actor=system", ["import"]), ("actor=nobody", None), ("source=x", None),
    ("kind=x&since=yesterday&customer=x&batch=-1&campaign=99999999999999999999", None),
]  # fmt: skip


@pytest.mark.parametrize(("query", "expected"), FILTERS)
def test_each_filter_shows_what_it_says_and_what_cannot_be_meant_is_left_out(desk, app, query, expected):
    with app.app_context():
        made = {"import": ledger.history(a_customer(status=IN).id)[0]}
        made["keyword"] = said(a_customer(), OUT, Source.KEYWORD)
        made["agent"] = said(a_customer(), OUT, Source.AGENT, actor="user:1")
        signal = Signal(Source.WHATSAPP, "whatsapp", at(7))
        made["platform"] = ledger.record_platform(a_customer(), Turn.STOPPED, signal)
        made["policy"] = ledger.record_policy(
            {"zone": "UTC"}, {"zone": "Asia/Tokyo"}, actor="token:1", now=at(8)
        )
        db.session.commit()
        ids = {name: event.id for name, event in made.items()}
    shown = {int(row["id"].split("-")[1]) for row in desk("viewer").soup(f"/events?{query}").select("tr[id]")}
    assert shown == {ids[name] for name in (expected or ids)}


def test_days_are_those_of_the_workspace(desk, app):
    """At 02:00 UTC on the 21st it is still the 20th in São Paulo."""
    with app.app_context():
        switch.keep_hours("America/Sao_Paulo", None, None, version=1, actor="user:1", now=NOON)
        said(a_customer(), OUT, Source.KEYWORD, 14 * 3600)
        db.session.commit()
    client = desk("viewer")
    for day, n in (("2026-11-19", 0), ("2026-11-20", 1), ("2026-11-21", 0)):
        page = client.soup(f"/events?source=keyword&since={day}&until={day}")
        assert len(page.select("tr[id]")) == n, day


def test_a_merged_record_shows_with_the_one_that_stays(desk, app, ana):
    from webapp.customers import merging

    with app.app_context():
        gone = a_customer("Ana S.")
        said(gone, OUT, Source.KEYWORD)
        merging.merge(db.session.get(Customer, ana), gone, actor="user:1", now=at(20), why="One person")
        db.session.commit()
        n = len(ledger.history(ana, gone.id))
    assert len(desk("viewer").soup(f"/events?customer={ana}").select("tr[id]")) == n


def test_opt_outs_of_a_campaign(desk, app):
    with app.app_context():
        lost, other = a_customer("Lost", IN), a_customer("Other", IN)
        campaign = a_running_campaign(a_template(), lost)
        claimed(campaign)
        db.session.query(Delivery).update({"state": "delivered"})
        event = said(lost, OUT, Source.KEYWORD, 60)
        said(other, OUT, Source.KEYWORD, 60)
        campaign_id, event_id = campaign.id, event.id
    rows = desk("viewer").soup(f"/events?campaign={campaign_id}").select("tr[id]")
    assert [row["id"] for row in rows] == [f"event-{event_id}"]


class TestFindingAPerson:
    """Whatever is typed, the address that the browser shows holds an id and no number."""

    @pytest.mark.parametrize("typed", ["Ana Sou", "+55 11 98812-4410", "5511988124410", "id"])
    def test_one_person_is_shown_at_once_with_the_other_filters(self, desk, app, typed):
        with app.app_context():
            customer = a_customer("Ana Souza", phone="+55 11 98812-4410").id
        person = str(customer) if typed == "id" else typed
        answer = desk("agent").send("/events/find", person=person, source="keyword")
        assert (answer.status_code, answer.location) == (303, f"/events?customer={customer}&source=keyword")

    def test_several_are_offered_by_name(self, desk, app):
        with app.app_context():
            ids = [a_customer(name).id for name in ("Ana Souza", "Ana Lima")]
        page = BeautifulSoup(desk("agent").send("/events/find", person="Ana").text, "html.parser")
        assert [link["href"] for link in page.select(".log-found a")] == [
            f"/events?customer={id}" for id in reversed(ids)
        ]

    def test_nobody_is_said_so(self, desk):
        assert "Nobody is called so" in desk("agent").send("/events/find", person="+55 11 90000-0000").text

    def test_nothing_shows_everybody(self, desk):
        assert desk("agent").send("/events/find", person=" ", customer="7").location == "/events"


def test_pages_go_on_where_the_last_one_ended_even_within_one_instant(desk, app, monkeypatch):
    monkeypatch.setattr(log_query, "PER_PAGE", 3)
    with app.app_context():
        batch = batches.open_batch(BatchKind.IMPORT, "list.csv", actor="user:1", now=NOON)
        for n in range(7):
            said(a_customer(f"P {n}"), OUT, Source.IMPORT, 5, batch_id=batch.id)
        said(a_customer("Late"), OUT, Source.KEYWORD, 4)  # recorded before, with a higher id
    client, path, seen = desk("viewer"), "/events", []
    while path:
        page = client.soup(path)
        seen.append([row["id"] for row in page.select("tr[id]")])
        path = page.find(id="log-next")["href"] if page.find(id="log-next") else ""
    assert [len(part) for part in seen] == [3, 3, 2]
    assert len({id for part in seen for id in part}) == 8
    assert seen[-1][-1] == "event-8"


def test_a_page_costs_the_same_however_many_events_it_shows(desk, app):
    client = desk("viewer")
    with app.app_context():
        engine = db.engine
        said(a_customer(), OUT, Source.KEYWORD)
    client.get("/events")
    with counted(engine) as few:
        client.get("/events")
    with app.app_context():
        for n in range(12):
            said(a_customer(f"P {n}", IN), OUT, Source.AGENT, actor=f"user:{n}")
    with counted(engine) as many:
        client.get("/events")
    assert len(many) == len(few)


def test_the_file_holds_what_the_filter_means_and_is_on_record(desk, app, ana):
    client = desk("manager")
    rows = list(csv.DictReader(io.StringIO(client.get("/events/log.csv?source=keyword").text)))
    assert [(row["status_before"], row["status"], row["effect"]) for row in rows] == [
        ("opted_out", "opted_out", "none"), ("opted_in", "opted_out", "changed"),
    ]  # fmt: skip
    with app.app_context():
        (noted,) = db.session.scalars(db.select(Disclosure))
        assert (noted.kind, noted.filter, noted.rows) == ("events", "source keyword", 2)
        assert noted.actor.startswith("user:")


def test_the_file_is_written_in_parts(desk, app, ana, monkeypatch):
    monkeypatch.setattr(log_query, "CHUNK", 1)
    assert len(desk("agent").get("/events/log.csv").text.splitlines()) == 4


INDEXES = {
    "recorded_at": Wanted(),
    "actor": Wanted(actor="user:1"),
    "source": Wanted(source="keyword"),
    "kind": Wanted(kind=Kind.POLICY),
    "batch_id": Wanted(batch_id=1),
    "since": Wanted(since=at(0), until=at(9)),
}


@pytest.mark.parametrize("name", list(INDEXES))
def test_each_filter_alone_is_read_along_an_index_and_never_sorted(app, name):
    with app.app_context():
        query = log_query.rows_of(INDEXES[name]).limit(51)
        compiled = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
        if db.engine.dialect.name == "sqlite":
            steps = [row[3] for row in db.session.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))]
        else:
            db.session.execute(text("SET LOCAL enable_seqscan = off"))
            db.session.execute(text("SET LOCAL enable_bitmapscan = off"))
            steps = [row[0] for row in db.session.execute(text(f"EXPLAIN {compiled}"))]
        plan = "\n".join(steps)
        assert f"ix_consent_events_{name if name != 'since' else 'recorded_at'}" in plan
        assert not [step for step in steps if "SCAN consent_events" in step and "INDEX" not in step]
        assert "TEMP B-TREE" not in plan
        assert "Sort" not in plan


def test_settings_are_told_in_words(desk, app):
    with app.app_context():
        ledger.record_policy(
            {"unknown_may_receive": False, "opt_out_words": ["STOP"], "window_from": None, "sending": True},
            {"unknown_may_receive": True, "opt_out_words": ["STOP", "SAIR"], "window_from": 540,
             "sending": False},
            actor="user:1", now=at(1),
        )  # fmt: skip
        db.session.commit()
    line = titles(desk("viewer").soup("/events"))[0]
    assert "Customers without a record: left out of marketing → may receive marketing" in line
    assert "Opt-out keywords: added SAIR" in line
    assert "Marketing from: any time → 09:00" in line
    assert "Sending: allowed → stopped" in line


class TestDisclosures:
    @pytest.mark.parametrize(
        "number", ["+55 11 98812-4410", "5511988124410", "(11) 98812-4410", "+1 (415) 555-0100"]
    )
    def test_no_number_of_a_person_is_kept(self, app, number):
        with app.app_context():
            noted = disclosures.note(
                "events", filter=f"q {number}, since 2026-11-20", actor="user:1", now=NOON
            )
            assert noted.filter == "q (number), since 2026-11-20"

    def test_managers_see_who_took_what_and_agents_do_not(self, desk, ana):
        desk("agent").get("/events/log.csv")
        page = desk("manager").soup("/events/disclosures")
        assert "Consent log everything 3 Dana Kim" in " ".join(page.table.get_text(" ", strip=True).split())
        assert desk("agent").get("/events/disclosures").status_code == 403

    @pytest.mark.parametrize(
        ("path", "kind"),
        [("/campaigns/1/deliveries.csv?reason=5511988124410&code=11988124410", "campaign_record"),
         ("/campaigns/1/audience.csv?reason=eligible", "campaign_people")],
    )  # fmt: skip
    def test_files_of_campaigns_are_on_record(self, desk, app, path, kind):
        with app.app_context():
            a_running_campaign(a_template(), a_customer(status=IN))
        assert desk("manager").get(path).status_code == 200
        with app.app_context():
            (noted,) = db.session.scalars(db.select(Disclosure))
            assert noted.kind == kind
            assert noted.rows is not None
            assert "98812" not in noted.filter
            assert "campaign 1" in noted.filter

    def test_so_is_the_command_and_the_lab(self, app, desk, tmp_path):
        from webapp.cli import heed

        with app.app_context():
            a_customer()
        outcome = app.test_cli_runner().invoke(heed, ["export", str(tmp_path / "all.csv")])
        assert outcome.exit_code == 0, outcome.output
        assert desk("agent").send("/settings/lab.csv", opt_out_words="STOP").status_code == 200
        with app.app_context():
            noted = [(each.kind, each.rows, each.actor) for each in db.session.scalars(db.select(Disclosure))]
        assert noted[0] == ("customers", 1, "system")
        assert noted[1][:2] == ("lab", None)


@every("number", ["9" * 20, "-1", "x", "9223372036854775807"])
@every("path", ["/events", "/events/batches", "/events/disclosures", "/events/log.csv"])
def test_numbers_that_are_none_cost_no_page(desk, path, number):
    query = dict.fromkeys(("after", "customer", "batch", "campaign"), number)
    assert desk("manager").get(path, query_string=query).status_code == 200


def test_json_that_somebody_tampered_with_costs_no_page(desk, app):
    with app.app_context():
        for words in ("", "{", "[]", json.dumps({"before": 1, "after": 2})):
            event = ledger.record_policy({}, {}, actor="user:1", now=at(1))
            db.session.execute(text("UPDATE evidence SET words = :words WHERE event_id = :id"),
                               {"words": words, "id": event.id})  # fmt: skip
        db.session.commit()
    assert desk("viewer").get("/events").status_code == 200


@pytest.mark.parametrize("path", ["/status", "/reports", "/settings", "/customers/1"])
def test_the_log_is_linked_where_people_look_for_it(desk, ana, path):
    link = desk("viewer").soup(path).find(id="to-events")
    assert link["href"] in ("/events", f"/events?customer={ana}")


def test_an_empty_log_tells_no_filter_from_a_filter_that_nothing_matches(desk):
    agent = desk("agent")
    assert "Nothing is recorded yet" in agent.get("/events").text
    assert "Take a filter away" in agent.get("/events?kind=erasure").text
