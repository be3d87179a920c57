"""One's own decision can be taken back for ten minutes: the message waits again, with marketing on hold."""

from datetime import timedelta

import pytest

from tests.reviews.test_reviews import Desk, decide, review_id, states, told, whole_ledger
from tests.whatsapp.posting import deliver, only_customer, says
from webapp import clock
from webapp.consent import ledger
from webapp.consent.models import Hold
from webapp.consent.rules import Status
from webapp.consent.undoing import NotUndoable
from webapp.extensions import db
from webapp.reviews import decisions, reopening
from webapp.reviews.decisions import Decision

__all__ = ["review_id", "whole_ledger"]

HELD = [(Status.OPTED_IN, "held")]


def undo(browser, review: int):
    return browser.htmx(f"/reviews/{review}/undo", page="/reviews", method="POST", event=review)


@pytest.mark.parametrize("decision", ["opt_out", "not_a_stop"])
def test_marketing_is_on_hold_again(app, desk: Desk, review_id, decision):
    browser = desk()
    offered = told(decide(browser, review_id, decision))
    assert offered["undo_url"] == f"/reviews/{review_id}/undo"
    answer = undo(browser, review_id)
    assert answer.status_code == 200
    assert f'id="review-{review_id}"' in answer.text
    assert states(app) == HELD
    assert decide(browser, review_id, "opt_out").status_code == 200, "and it can be decided afresh"
    assert states(app) == [(Status.OPTED_OUT,)]


def test_it_works_without_scripts(app, desk: Desk, review_id):
    browser = desk()
    decide(browser, review_id, "opt_out")
    assert browser.send(f"/reviews/{review_id}/undo").status_code == 303
    assert states(app) == HELD


def test_a_colleague_cannot(app, desk: Desk, review_id):
    decide(desk(), review_id, "opt_out")
    answer = undo(desk(), review_id)
    assert answer.status_code == 409
    assert "Only the person who decided" in told(answer)["message"]
    assert states(app) == [(Status.OPTED_OUT,)]


def test_not_over_a_stop_that_the_customer_wrote_since(app, desk: Desk, review_id):
    browser = desk()
    decide(browser, review_id, "opt_out")
    deliver(app, says("STOP", at=60))
    answer = undo(browser, review_id)
    assert answer.status_code == 409
    assert "Something newer is on record" in told(answer)["message"]
    assert states(app) == [(Status.OPTED_OUT,)]


def test_taking_back_not_a_stop_leaves_a_newer_stop_alone(app, desk: Desk, review_id):
    browser = desk()
    decide(browser, review_id, "not_a_stop")
    deliver(app, says("STOP", at=60))
    assert undo(browser, review_id).status_code == 200
    assert states(app) == [(Status.OPTED_OUT, "held")]


def test_twice_is_once(app, desk: Desk, review_id):
    browser = desk()
    decide(browser, review_id, "opt_out")
    undo(browser, review_id)
    assert undo(browser, review_id).status_code == 409
    assert states(app) == HELD


def test_the_customers_own_page_does_not_offer_it(app, desk: Desk, review_id):
    """There nothing would put marketing on hold again."""
    browser = desk()
    decide(browser, review_id, "opt_out")
    with app.app_context():
        customer = only_customer()
        event_id, customer_id = customer.status_event_id, customer.id
    assert 'id="undo-' not in browser.get(f"/customers/{customer_id}").text
    refused = browser.htmx(f"/customers/{customer_id}/consent/undo", method="POST", event=event_id)
    assert refused.status_code == 409
    assert states(app) == [(Status.OPTED_OUT,)]


def test_ten_minutes_are_over(app, review_id):
    with app.app_context():
        review, now = db.session.get_one(Hold, review_id), clock.now()
        decisions.decide(review, Decision.OPT_OUT, actor="user:1", now=now)
        with pytest.raises(NotUndoable, match="within ten minutes"):
            reopening.undo(review, actor="user:1", now=now + timedelta(minutes=10, seconds=1))
        reopening.undo(review, actor="user:1", now=now + timedelta(minutes=10))
        assert [e.status for e in ledger.history(review.customer_id)][-2:] == ["opted_in", "held"]
        db.session.commit()


class TestWhenAColleagueHadSaidThatItIsNoStop:
    @pytest.fixture
    def overruled(self, desk: Desk, review_id):
        """The browser of who found that it is one."""
        decide(desk(), review_id, "not_a_stop")
        browser = desk()
        assert decide(browser, review_id, "opt_out").status_code == 200
        return browser

    def test_that_stands_again_and_nothing_is_on_hold(self, app, review_id, overruled):
        answer = undo(overruled, review_id)
        assert told(answer)["message"] == "Undone. Dana Kim decided just now: it is not a stop."
        assert states(app) == [(Status.OPTED_IN,)]
        line = overruled.soup("/reviews").find(id=f"decided-{review_id}").text
        assert "Not a stop, just now. By Dana Kim." in line
        assert "had said" not in line

    def test_nor_on_hold_is_who_was_opted_out_for_another_reason(self, app, desk: Desk, review_id):
        decide(desk(), review_id, "not_a_stop")
        deliver(app, says("STOP", at=60))
        browser = desk()
        decide(browser, review_id, "opt_out")
        assert undo(browser, review_id).status_code == 200
        assert states(app) == [(Status.OPTED_OUT,)]

    def test_it_can_be_overruled_and_undone_once_more(self, app, review_id, overruled):
        undo(overruled, review_id)
        assert undo(overruled, review_id).status_code == 409, "that decision is the colleague's"
        decide(overruled, review_id, "opt_out")
        assert states(app) == [(Status.OPTED_OUT,)]
        undo(overruled, review_id)
        assert states(app) == [(Status.OPTED_IN,)]
