"""Messages that may be a stop: how they are shown, what a decision does, and who wins of two."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import a_customer
from tests.html import CheckingClient
from tests.whatsapp.posting import (
    decisions,
    deliver,
    everybody,
    only_customer,
    says,
    state,
    the_ledger_is_whole,
)
from webapp.consent import ledger
from webapp.consent.models import Hold
from webapp.consent.rules import Status
from webapp.customers import identities
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
Desk = Callable[..., CheckingClient]


@pytest.fixture
def review_id(app) -> int:
    """Joe Sample, opted in, wrote "Stop. Thank you"."""
    with app.app_context():
        a_customer("Joe Sample", phone="+1 202 555 0107", status=IN)
    deliver(app, says("Stop. Thank you"))
    return latest_review(app)


@pytest.fixture(autouse=True)
def whole_ledger(app):
    yield
    with app.app_context():
        assert the_ledger_is_whole()


def latest_review(app) -> int:
    with app.app_context():
        return db.session.scalars(db.select(Hold.id).order_by(Hold.id.desc())).first()


def decide(browser: CheckingClient, review: int, decision: str):
    return browser.htmx(f"/reviews/{review}", page="/reviews", method="POST", decision=decision)


def made_of(app) -> list[str]:
    """What was made of each message."""
    with app.app_context():
        return decisions()


def told(answer) -> dict[str, str]:
    """What the toast says."""
    return json.loads(answer.headers["HX-Trigger"])["toast"]


def states(app) -> list[tuple[str, ...]]:
    with app.app_context():
        return [state(customer) for customer in everybody()]


class TestThePage:
    def test_it_shows_the_words_why_they_were_caught_and_whose_they_are(self, desk: Desk, review_id):
        card = desk().soup("/reviews").find(id=f"review-{review_id}")
        assert "“Stop. Thank you”" in card.text
        assert "Caught because the message" in card.text
        assert card.find("a", string="Joe Sample")["href"].startswith("/customers/")
        assert card.find("mark").text == "Stop"
        choices = [choice["aria-label"] for choice in card.find_all(attrs={"data-key": True})]
        assert choices == ["Opt out: Joe Sample", "Not a stop: Joe Sample", "Not sure: Joe Sample"]
        assert [choice["aria-keyshortcuts"] for choice in card.find_all(attrs={"data-key": True})] == [
            "o", "n", "u",
        ]  # fmt: skip

    def test_it_guesses_the_language_and_says_when_time_is_over(self, desk: Desk, review_id):
        card = desk().soup("/reviews").find(id=f"review-{review_id}")
        assert "English, guessed" in card.text
        assert "undecided it becomes an opt-out in 10 days" in card.text

    def test_it_tells_what_happened_before_and_what_else_was_written(self, app, desk: Desk, review_id):
        deliver(app, says("Hello, where is my parcel?", at=30), says("Stop. Thank you", at=0))
        told = desk().soup("/reviews").find(id=f"review-{review_id}").find("dl").text
        assert "Hello, where is my parcel?" in told
        assert "Stop. Thank you" not in told, "the message itself stands above"
        assert "Opted In by import" in told
        assert "On hold" in told

    def test_the_oldest_stands_first(self, app, desk: Desk, review_id):
        deliver(app, says("please stop", at=-60, **{"from": "12025550108"}))
        cards = desk().soup("/reviews").find_all("article")
        assert [card["id"] for card in cards] == [f"review-{review_id}", f"review-{latest_review(app)}"]

    def test_a_viewer_reads_and_does_not_decide(self, desk: Desk, review_id):
        viewer = desk("viewer")
        assert not viewer.soup("/reviews").find("article").find(["button", "summary"])
        assert decide(viewer, review_id, "opt_out").status_code == 403

    def test_nobody_else_reads(self, client, review_id):
        assert client.get("/reviews").status_code == 303

    def test_an_empty_one_says_what_comes_here(self, desk: Desk):
        assert "No message waits" in desk().get("/reviews").text

    def test_only_the_first_fifty_are_shown_and_the_rest_is_counted(self, app, desk: Desk):
        deliver(app, *[says("please stop", at=n) for n in range(51)])
        soup = desk().soup("/reviews")
        assert len(soup.find_all("article")) == 50
        assert "1 more" in soup.find(id="main").text

    def test_hostile_words_are_text(self, app, desk: Desk):
        deliver(app, says("<img src=x onerror=alert(1)> please stop"))
        quote = desk().soup("/reviews").find("blockquote")
        assert "<img src=x onerror=alert(1)>" in quote.text
        assert not quote.find("img")


DECISIONS = [
    ("opt_out", "Joe Sample is opted out.", (OUT,)),
    ("not_a_stop", "Not a stop. Marketing to Joe Sample is no longer on hold.", (IN,)),
]


class TestADecision:
    @pytest.mark.parametrize(("decision", "sentence", "expected"), DECISIONS)
    def test_the_card_leaves_and_the_sentence_is_told(
        self, app, desk: Desk, review_id, decision, sentence, expected
    ):
        answer = decide(desk(), review_id, decision)
        assert answer.status_code == 200
        assert f'hx-target="#review-{review_id}" hx-swap="delete"' in answer.text
        assert told(answer)["message"] == sentence
        assert states(app) == [expected]

    def test_the_list_of_decisions_names_who_decided(self, desk: Desk, review_id):
        browser = desk()
        decide(browser, review_id, "not_a_stop")
        line = browser.soup("/reviews").find(id=f"decided-{review_id}")
        assert "Not a stop, just now. By Dana Kim." in line.text
        assert "Stop. Thank you" in line.text

    @pytest.mark.parametrize(("decision", "sentence", "expected"), DECISIONS)
    def test_it_works_without_scripts(self, app, desk: Desk, review_id, decision, sentence, expected):
        browser = desk()
        answer = browser.send(f"/reviews/{review_id}", decision=decision)
        assert (answer.status_code, answer.location) == (303, "/reviews")
        assert sentence in browser.get("/reviews").text
        assert states(app) == [expected]

    def test_an_opt_out_counts_from_the_message_and_names_who_read_it(self, app, desk: Desk, review_id):
        decide(desk(), review_id, "opt_out")
        with app.app_context():
            customer = only_customer()
            review = db.session.get(Hold, review_id)
            event = next(e for e in ledger.history(customer.id) if e.id == customer.status_event_id)
            assert customer.status_at == review.occurred_at
            assert (event.source, event.actor) == ("review", review.decided_by)
            assert event.actor.startswith("user:")

    def test_other_messages_of_the_customer_still_wait(self, app, desk: Desk, review_id):
        deliver(app, says("please stop", at=1))
        answer = decide(desk(), review_id, "not_a_stop")
        assert "Another message of Joe Sample still waits" in told(answer)["message"]
        assert states(app) == [(IN, "held")]

    def test_an_opt_out_does_not_undo_a_start_that_was_written_after_the_message(
        self, app, desk: Desk, review_id
    ):
        deliver(app, says("START", at=60))
        answer = decide(desk(), review_id, "opt_out")
        assert "opted in again after this message" in told(answer)["message"]
        assert states(app) == [(IN,)]

    @pytest.mark.parametrize(("path", "decision", "code"), [
        ("/reviews/{}", "", 422), ("/reviews/{}", "opted_in", 422), ("/reviews/999", "opt_out", 404),
        ("/reviews/999/undo", "", 404),
    ])  # fmt: skip
    def test_what_is_no_decision_changes_nothing(self, app, desk: Desk, review_id, path, decision, code):
        answer = desk().send(path.format(review_id), decision=decision)
        assert answer.status_code == code
        assert states(app) == [(IN, "held")]


class TestOneMessageOfSeveralPeople:
    """Two customers share a number in two writings: marketing to both waits, and one decision is for both."""

    @pytest.fixture
    def both(self, app) -> None:
        with app.app_context():
            a_customer("Variant", phone="+55 65 9 9000-0001", status=IN)
            identities.create(
                name="Exact", wa_id="556590000001", source="import", now=everybody()[0].created_at
            )
            db.session.commit()
        deliver(app, says("Stop. Thank you", **{"from": "556590000001"}))
        assert states(app) == [(IN, "held"), ("unknown", "held")]

    @pytest.mark.parametrize(("decision", "expected"), [
        ("opt_out", [(OUT,), (OUT,)]), ("not_a_stop", [(IN,), ("unknown",)]),
    ])  # fmt: skip
    def test_it_is_decided_once(self, app, desk: Desk, both, decision, expected):
        browser = desk()
        assert decide(browser, latest_review(app), decision).status_code == 200
        assert states(app) == expected
        assert "No message waits" in browser.get("/reviews").text

    def test_an_opt_out_reaches_who_became_known_as_the_same_person_later(self, app, desk: Desk, review_id):
        with app.app_context():
            joe = only_customer()
            identities.attach(joe, "phone", "+55 65 9 9000-0001", "agent", joe.created_at)
            identities.create(name="Exact", wa_id="556590000001", source="import", now=joe.created_at)
            db.session.commit()
        decide(desk(), review_id, "opt_out")
        assert states(app) == [(OUT,), (OUT,)]


WHO_WAS_FIRST = {
    "opt_out": "Dana Kim opted Joe Sample out just now. That stands, and nothing is released.",
    "not_a_stop": "Dana Kim decided just now: it is not a stop.",
}
SECOND = [
    ("not_a_stop", "opt_out", 200, (OUT,), "the stricter wins"),
    ("opt_out", "not_a_stop", 409, (OUT,), "the laxer does not"),
    ("opt_out", "opt_out", 409, (OUT,), "there is nothing left to decide"),
    ("not_a_stop", "not_a_stop", 409, (IN,), "there is nothing left to decide"),
]


@pytest.mark.parametrize(("first", "second", "code", "expected", "sentence"), SECOND)
def test_of_two_who_decide(app, desk: Desk, review_id, first, second, code, expected, sentence):
    decide(desk(), review_id, first)
    answer = decide(desk(), review_id, second)
    assert (answer.status_code, states(app)) == (code, [expected]), sentence
    if code == 409:
        assert WHO_WAS_FIRST[first] in answer.text
        assert "<button" not in answer.text
    else:
        assert "Dana Kim had said that it is not a stop" in told(answer)["message"]


def test_two_agents_who_decide_in_one_moment_leave_the_stricter_decision(app, desk: Desk, review_id):
    agents = [desk(), desk()]
    for browser in agents:
        browser.get("/reviews")
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(decide, agents, [review_id] * 2, ["opt_out", "not_a_stop"]))
    assert [answer.status_code for answer in answers] in ([200, 200], [200, 409])
    assert states(app) == [(OUT,)]


def test_the_navigation_counts_what_waits(app, desk: Desk, review_id):
    browser = desk()
    assert browser.soup("/reviews").find(id="nav-reviews").find(class_="badge").text.split()[0] == "1"
    decide(browser, review_id, "not_a_stop")
    assert browser.soup("/reviews").find(id="nav-reviews").find(class_="badge").has_attr("hidden")
