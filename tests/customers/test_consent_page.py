"""The switch, the Record consent dialog and undo, as an agent and their browser use them."""

import json
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup

from tests.factories import a_customer
from tests.rows import every
from webapp import clock
from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
PROOF = {"channel": "web_form", "evidence": "Yes, send me offers"}


@pytest.fixture
def agent(desk):
    return desk("agent")


@pytest.fixture
def customer(app):
    """The id of a customer who opted in."""
    with app.app_context():
        return a_customer("Ana Souza", IN).id


@pytest.fixture
def stand(app):
    """How a customer stands now: status, version, number of events."""

    def look(customer_id: int) -> tuple[str, int, int]:
        with app.app_context():
            found = db.session.get(Customer, customer_id)
            return found.status, found.version, found.events_count

    return look


def stop(app, customer_id: int, words: str = "STOP please") -> None:
    with app.app_context():
        now = clock.now()
        proof = Proof("whatsapp", words, "STOP")
        customer = db.session.get(Customer, customer_id)
        ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", now, proof=proof))
        db.session.commit()


def events(response) -> dict:
    return json.loads(response.headers["HX-Trigger"])


class TestOptOut:
    def test_one_click_opts_out_and_answers_with_the_row_and_the_counts(self, agent, customer, stand):
        response = agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT, version=2)
        soup = BeautifulSoup(response.text, "html.parser")
        switch = soup.find(id=f"consent-{customer}")
        assert (switch["aria-checked"], switch["aria-label"]) == ("true", "Opted Out: Ana Souza")
        assert "Opted Out by you · just now" in soup.get_text(" ", strip=True)
        assert soup.find("hx-partial", attrs={"hx-target": "#state-counts"})
        assert stand(customer)[0] == OUT

    def test_the_toast_names_the_person_and_can_undo(self, agent, customer):
        response = agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT)
        toast = events(response)["toast"]
        assert toast["message"] == "Ana Souza is opted out."
        assert toast["undo_url"] == f"/customers/{customer}/consent/undo"

    @pytest.mark.parametrize("version", ["1", "99", "", "old"])
    def test_it_is_never_refused_whatever_the_page_had_seen(self, agent, customer, stand, version):
        response = agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT, version=version)
        assert response.status_code == 200
        assert stand(customer)[0] == OUT

    def test_a_double_click_makes_one_event(self, agent, customer, stand):
        for _ in range(3):
            agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT, version=2)
        assert stand(customer) == (OUT, 3, 2)

    def test_without_scripts_it_leads_to_the_customers_page(self, agent, customer, stand):
        response = agent.send(f"/customers/{customer}/consent", status=OUT)
        assert (response.status_code, response.location) == (303, f"/customers/{customer}")
        assert stand(customer)[0] == OUT

    def test_a_row_that_no_longer_matches_stays_and_says_so(self, agent, customer):
        response = agent.htmx(
            f"/customers/{customer}/consent", method="POST", page="/opt-in?status=opted_in", status=OUT
        )
        assert "no longer matches" in response.text


class TestOptIn:
    def test_the_dialog_asks_how_when_and_in_which_words(self, agent, app):
        with app.app_context():
            nobody = a_customer("Tariq Al-Hassan").id
        soup = BeautifulSoup(agent.htmx(f"/customers/{nobody}/consent").text, "html.parser")
        assert soup.h2.get_text() == "Record consent — Tariq Al-Hassan"
        assert soup.find(id="consent-given-at")["value"] == clock.now().date().isoformat()
        assert "A bought list is not consent." in soup.get_text()

    def test_proof_opts_in(self, agent, app, stand):
        with app.app_context():
            nobody = a_customer("Tariq Al-Hassan").id
        response = agent.htmx(f"/customers/{nobody}/consent", method="POST", status=IN, version=1, **PROOF)
        assert response.status_code == 200
        assert events(response)["dialog:done"] is True
        assert stand(nobody)[0] == IN
        assert "web form" in response.text

    @every("evidence", ["", "   ", "\n", "\u200b\u00a0", "x" * 2001, "bell \x07"])
    def test_without_usable_words_nothing_is_recorded_and_nothing_lost(self, agent, app, stand, evidence):
        with app.app_context():
            nobody = a_customer().id
        fields = {**PROOF, "channel": "in_store", "evidence": evidence}
        response = agent.htmx(f"/customers/{nobody}/consent", method="POST", status=IN, version=1, **fields)
        assert response.status_code == 422
        soup = BeautifulSoup(response.text, "html.parser")
        assert soup.find(id="consent-evidence-error")
        assert soup.find("option", selected=True)["value"] == "in_store"
        assert stand(nobody)[0] == UNKNOWN

    def test_a_stale_row_is_refused_with_the_words_that_came_in_between(self, agent, customer, app, stand):
        stop(app, customer, "STOP please")
        response = agent.htmx(f"/customers/{customer}/consent", method="POST", status=IN, version=2, **PROOF)
        assert response.status_code == 409
        soup = BeautifulSoup(response.text, "html.parser")
        assert "STOP please" in soup.find(role="alert").get_text()
        assert soup.find("hx-partial", attrs={"hx-target": f"#customer-{customer}"})
        assert soup.find(id="consent-evidence")["value"] == PROOF["evidence"]
        assert stand(customer)[0] == OUT

    def test_who_has_read_it_may_record_what_was_said_after_it(self, agent, customer, app, stand):
        stop(app, customer)
        response = agent.htmx(f"/customers/{customer}/consent", method="POST", status=IN, version=3, **PROOF)
        assert response.status_code == 200
        assert stand(customer)[0] == IN

    def test_a_statement_from_before_the_opt_out_is_refused_with_its_date(self, agent, customer, app, stand):
        stop(app, customer)
        yesterday = (clock.now() - timedelta(days=1)).date().isoformat()
        fields = {**PROOF, "given_at": yesterday}
        response = agent.htmx(f"/customers/{customer}/consent", method="POST", status=IN, version=3, **fields)
        assert response.status_code == 409
        assert "replied STOP" in response.text
        assert stand(customer)[0] == OUT

    @pytest.mark.parametrize(
        ("given_at", "said_at"),
        [
            ("2026-11-20", "2026-11-20T00:00:00+00:00"),
            ("2026-11-20T09:30", "2026-11-20T09:30:00+00:00"),
            ("2026-11-20T09:30:00Z", "2026-11-20T09:30:00+00:00"),
            ("2026-11-20T09:30:00.5-03:00", "2026-11-20T12:30:00.500000+00:00"),
        ],
    )
    def test_a_program_may_state_the_moment_and_not_only_the_day(self, agent, app, given_at, said_at):
        with app.app_context():
            nobody = a_customer().id
        fields = {**PROOF, "given_at": given_at}
        assert agent.send(f"/customers/{nobody}/consent", status=IN, version=1, **fields).status_code == 303
        with app.app_context():
            assert db.session.get(Customer, nobody).status_at.isoformat() == said_at

    @pytest.mark.parametrize(
        "given_at", ["yesterday", "2026-02-30", "2026-11-20T25:00", "0001-01-01T00:00+14:00"]
    )
    def test_what_is_no_time_is_said_beside_the_field(self, agent, app, stand, given_at):
        with app.app_context():
            nobody = a_customer().id
        fields = {**PROOF, "given_at": given_at}
        response = agent.htmx(f"/customers/{nobody}/consent", method="POST", status=IN, version=1, **fields)
        assert response.status_code == 422
        said = BeautifulSoup(response.text, "html.parser").select_one("#consent-given-at")
        assert (said["aria-invalid"], said["aria-describedby"]) == ("true", "consent-given-at-error")
        assert "Not a valid date value." in response.text
        assert stand(nobody)[0] == UNKNOWN

    def test_a_stale_row_without_scripts_is_409_too(self, agent, customer, app):
        stop(app, customer)
        response = agent.send(f"/customers/{customer}/consent", status=IN, version=2, **PROOF)
        assert response.status_code == 409
        assert "<html" in response.text


@pytest.mark.parametrize("status", ["", "unknown", "OPTED_OUT", "x" * 1000])
def test_another_status_is_no_wish(agent, customer, stand, status):
    assert agent.htmx(f"/customers/{customer}/consent", method="POST", status=status).status_code == 422
    assert stand(customer)[0] == IN


class TestUndo:
    def test_it_brings_the_state_back_with_its_reason(self, agent, customer, stand):
        done = agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT)
        event = events(done)["toast"]["event"]
        response = agent.htmx(f"/customers/{customer}/consent/undo", method="POST", event=event)
        assert response.status_code == 200
        assert "web form" in response.text
        assert stand(customer)[0] == IN

    @pytest.mark.parametrize("event", ["", "0", "-1", "999999", "first"])
    def test_of_another_event_is_refused_in_the_row(self, agent, customer, stand, event):
        agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT)
        response = agent.htmx(f"/customers/{customer}/consent/undo", method="POST", event=event)
        assert response.status_code == 409
        assert "Not undone" in response.text
        assert stand(customer)[0] == OUT

    def test_after_the_customer_wrote_is_refused(self, agent, customer, app, stand):
        done = agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT)
        stop(app, customer)
        event = events(done)["toast"]["event"]
        assert (
            agent.htmx(f"/customers/{customer}/consent/undo", method="POST", event=event).status_code == 409
        )
        assert stand(customer)[0] == OUT

    def test_by_a_colleague_is_refused(self, agent, desk, customer, stand):
        done = agent.htmx(f"/customers/{customer}/consent", method="POST", status=OUT)
        event = events(done)["toast"]["event"]
        response = desk("manager").htmx(f"/customers/{customer}/consent/undo", method="POST", event=event)
        assert response.status_code == 409


class TestOnePersonTwice:
    """Two customers whose numbers are variants of one (Brazil's ninth digit) may be one person."""

    @pytest.fixture
    def twins(self, app):
        with app.app_context():
            return [a_customer(name, IN, phone).id for name, phone in (
                ("Ana", "+55 65 99000-0001"), ("Ana S.", "+55 65 9000-0001"))]  # fmt: skip

    def test_an_opt_out_of_one_opts_out_both(self, agent, twins, stand):
        agent.htmx(f"/customers/{twins[0]}/consent", method="POST", status=OUT)
        assert [stand(twin)[0] for twin in twins] == [OUT, OUT]

    def test_undo_brings_both_back(self, agent, twins, stand):
        done = agent.htmx(f"/customers/{twins[0]}/consent", method="POST", status=OUT)
        event = events(done)["toast"]["event"]
        agent.htmx(f"/customers/{twins[0]}/consent/undo", method="POST", event=event)
        assert [stand(twin)[0] for twin in twins] == [IN, IN]

    def test_undo_leaves_the_other_alone_when_they_wrote_meanwhile(self, agent, twins, stand, app):
        done = agent.htmx(f"/customers/{twins[0]}/consent", method="POST", status=OUT)
        stop(app, twins[1])
        event = events(done)["toast"]["event"]
        agent.htmx(f"/customers/{twins[0]}/consent/undo", method="POST", event=event)
        assert [stand(twin)[0] for twin in twins] == [IN, OUT]


def test_nobody_lost_is_found_by_number_of_row(agent):
    for path in ("/customers/999/consent", "/customers/999/edit", "/customers/999"):
        assert agent.get(path).status_code == 404


def test_a_viewer_sees_the_switch_and_cannot_turn_it(desk, customer, stand):
    viewer = desk("viewer")
    switch = viewer.soup("/opt-in").find(id=f"consent-{customer}")
    assert switch.has_attr("disabled")
    assert viewer.send(f"/customers/{customer}/consent", status=OUT).status_code == 403
    assert stand(customer)[0] == IN


def test_a_viewer_sees_masked_numbers_only(desk, customer, app):
    with app.app_context():
        phone = db.session.get(Customer, customer).phone_display
    viewer = desk("viewer")
    for path in ("/opt-in", f"/customers/{customer}"):
        page = viewer.get(path).text
        assert phone not in page
        assert "•" in page


class TestWhoSeesNumbersMasked:
    """Whoever finds somebody by a part of the number has found out that part, and soon all of it."""

    PARTS = ("98812", "5511988", "+55 11 98", "4410", "55", "1", "Ana 98812", "ana 55", "11988124410")

    @pytest.fixture(autouse=True)
    def ana(self, app):
        with app.app_context():
            a_customer("Ana 24", phone="+55 11 98812-4410")

    def found(self, desk, role: str, typed: str) -> bool:
        return "Ana 24" in desk(role).get("/opt-in", query_string={"q": typed}).text

    def test_finds_nobody_by_a_part_of_a_number(self, desk):
        assert [part for part in self.PARTS if self.found(desk, "viewer", part)] == []
        assert [part for part in self.PARTS if not self.found(desk, "agent", part)] == []

    def test_finds_a_whole_number_in_each_writing_and_a_name_with_its_digits(self, desk):
        whole = ("+55 11 98812-4410", "005511988124410", "551188124410", "ana", "Ana 24", "24")
        assert [each for each in whole if not self.found(desk, "viewer", each)] == []

    def test_is_told_of_nobody_new_who_has_a_part_of_it(self, desk):
        for role, told in (("viewer", False), ("agent", True)):
            news = desk(role).htmx("/opt-in/live", page="/opt-in?q=98812", newest="0")
            assert ("1 new" in news.text) == told

    def test_finds_no_history_by_a_part_either(self, desk):
        assert "Nobody is called so" in desk("viewer").send("/events/find", person="98812").text
        assert desk("viewer").send("/events/find", person="+55 11 98812-4410").status_code == 303


def test_no_page_puts_a_phone_number_into_an_address(agent, customer, app):
    with app.app_context():
        digits = db.session.get(Customer, customer).identities[0].value
    for path in ("/opt-in", "/customers", f"/customers/{customer}", f"/customers/{customer}/edit"):
        soup = agent.soup(path)
        addresses = [
            a[name]
            for name in ("href", "action", "hx-get", "hx-post")
            for a in soup.find_all(attrs={name: True})
        ]
        assert not any(digits[-8:] in address for address in addresses)


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>", "\u202eevil", "=1+1", "{{7*7}}", "'\"><img src=x>"]
)
def test_a_hostile_name_is_text_wherever_it_stands(agent, app, name):
    with app.app_context():
        hostile = a_customer(name)
        customer_id, label = hostile.id, hostile.label
    for path in (
        "/opt-in",
        f"/customers/{customer_id}",
        f"/customers/{customer_id}/edit",
        f"/customers/{customer_id}/consent",
    ):
        page = agent.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x>" not in page
        assert label in BeautifulSoup(page, "html.parser").get_text()
    answer = agent.htmx(f"/customers/{customer_id}/consent", method="POST", status=OUT)
    assert answer.headers["HX-Trigger"].isascii()
