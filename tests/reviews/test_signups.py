"""A signup in WhatsApp: a person records it with its id as evidence; a later opt-out stands against it."""

import pytest

from tests.reviews.test_reviews import Desk, decide, latest_review, made_of, states, told, whole_ledger
from tests.whatsapp.posting import TODAY, deliver, only_customer, prefers, says
from webapp.consent import ledger
from webapp.consent.models import Evidence
from webapp.consent.rules import Status
from webapp.customers import history
from webapp.customers.rows import Reader
from webapp.extensions import db

__all__ = ["whole_ledger"]

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN


@pytest.fixture
def review_id(app) -> int:
    """Joe went through signup 77."""
    deliver(app, prefers("signup", signup_id="77"))
    assert (made_of(app), states(app)) == (["signup"], [(UNKNOWN,)])
    return latest_review(app)


def test_it_is_shown_without_a_hold(desk: Desk, review_id):
    card = desk().soup("/reviews").find("article")
    assert "Signed up in WhatsApp, signup 77" in card.text
    assert [each["aria-keyshortcuts"] for each in card.find_all(attrs={"data-key": True})] == ["i", "n"]


def test_one_without_an_id_is_shown_all_the_same(app, desk: Desk):
    deliver(app, prefers("signup"))
    assert "“Signed up in WhatsApp”" in desk().soup("/reviews").find("article").text


def test_recording_it_is_an_opt_in_of_that_time_with_its_id_as_evidence(app, desk: Desk, review_id):
    decide(desk(), review_id, "opt_in")
    assert states(app) == [(IN,)]
    with app.app_context():
        customer = only_customer()
        event = ledger.history(customer.id)[-1]
        proof = db.session.get_one(Evidence, event.id)
        assert event.source == "agent"
        assert event.actor.startswith("user:")
        assert event.occurred_at.timestamp() == TODAY
        assert (proof.channel, proof.matched) == ("WhatsApp signup", "77")
        assert "signup 77" in proof.words
        [entry] = history.entries(customer.id, Reader(""), event.recorded_at)
        assert entry.title == "Opted In: WhatsApp signup"


def test_not_now_records_nothing(app, desk: Desk, review_id):
    assert "Nothing is recorded" in told(decide(desk(), review_id, "not_now"))["message"]
    assert states(app) == [(UNKNOWN,)]


@pytest.mark.parametrize(("at", "code", "expected", "sentence"), [
    (60, 409, OUT, "a stop since then stands"),
    (0, 409, OUT, "a tie goes to the stop"),
    (-60, 200, IN, "a stop from before is answered by the signup"),
])  # fmt: skip
def test_beside_an_own_stop(app, desk: Desk, review_id, at, code, expected, sentence):
    deliver(app, says("STOP", at=at))
    answer = decide(desk(), review_id, "opt_in")
    assert (answer.status_code, states(app)) == (code, [(expected,)]), sentence
    if code == 409:
        assert "so the opt-out stands" in answer.text
        assert "Not now" in answer.text, "the card is still there to be closed"


def test_without_scripts_the_refusal_is_told_too(app, desk: Desk, review_id):
    deliver(app, says("STOP", at=60))
    browser = desk()
    assert browser.send(f"/reviews/{review_id}", decision="opt_in").status_code == 303
    assert "so the opt-out stands" in browser.get("/reviews").text


def test_an_undo_takes_the_consent_back(app, desk: Desk, review_id):
    browser = desk()
    decide(browser, review_id, "opt_in")
    assert browser.htmx(f"/reviews/{review_id}/undo", page="/reviews", method="POST").status_code == 200
    assert states(app) == [(UNKNOWN,)]
    assert "Record consent" in browser.get("/reviews").text


def test_a_second_decision_changes_nothing(app, desk: Desk, review_id):
    decide(desk(), review_id, "not_now")
    answer = decide(desk(), review_id, "opt_in")
    assert (answer.status_code, states(app)) == (409, [(UNKNOWN,)])
    assert "not to record it" in answer.text


@pytest.mark.parametrize(("signup_id", "words"), [
    (12345, "signup 12345"), (None, "Signed up in WhatsApp"), ({"a": 1}, "Signed up in WhatsApp"),
    ("<b>7</b>", "signup <b>7</b>"),
])  # fmt: skip
def test_whatever_stands_for_its_id(app, desk: Desk, signup_id, words):
    deliver(app, prefers("signup", signup_id=signup_id))
    assert words in desk().soup("/reviews").find("article").text


def test_it_lifts_no_hold(app, desk: Desk, review_id):
    deliver(app, says("please stop", at=-5))
    decide(desk(), review_id, "opt_in")
    assert states(app) == [(IN, "held")]
