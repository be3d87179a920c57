"""What nobody decided in ten days becomes an opt-out, by nobody's hand; what is no hold never does."""

from datetime import timedelta

import pytest

from tests.factories import NOON, a_customer
from tests.reviews.test_reviews import Desk, decide, states, whole_ledger
from webapp import clock
from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Evidence, Hold
from webapp.consent.rules import ReviewKind, Source, Status
from webapp.extensions import db
from webapp.reviews import expiry

__all__ = ["whole_ledger"]

TEN_DAYS = timedelta(days=10)
IN, OUT = Status.OPTED_IN, Status.OPTED_OUT


@pytest.fixture
def review_id(app) -> int:
    """Ana, opted in, wrote something an hour before it reached the desk at noon."""
    with app.app_context():
        proof = Proof("whatsapp", "stop it, please", "STOP", "wamid.A")
        said = {"stated_at": NOON - timedelta(hours=1), "message_id": "wamid.A", "proof": proof}
        customer = a_customer(status=Status.UNKNOWN)
        agreed = Proof("web_form", "Yes")
        before = NOON - timedelta(days=1)
        ledger.record(customer, Statement(IN, Source.IMPORT, "system", before, proof=agreed))
        review = holds.hold(customer, "contains STOP", Signal(Source.KEYWORD, "customer", NOON, **said))
        db.session.commit()
        return review.id


def end_overdue(app, after: timedelta) -> None:
    with app.app_context():
        expiry.end_overdue(NOON + after, db.session.commit)


def test_a_moment_before_it_still_waits(app, review_id):
    end_overdue(app, TEN_DAYS - timedelta(seconds=1))
    assert states(app) == [(IN, "held")]


def test_then_it_is_an_opt_out_of_the_moment_when_it_was_said(app, review_id):
    end_overdue(app, TEN_DAYS)
    end_overdue(app, TEN_DAYS + timedelta(hours=1))
    assert states(app) == [(OUT,)]
    with app.app_context():
        review = db.session.get_one(Hold, review_id)
        event = ledger.history(review.customer_id)[-1]
        assert (event.source, event.actor) == ("review", "system")
        assert event.occurred_at == NOON - timedelta(hours=1)
        assert db.session.get_one(Evidence, event.id).words == "stop it, please"


def test_a_note_does_not_stop_the_clock(app, review_id):
    with app.app_context():
        review = db.session.get_one(Hold, review_id)
        holds.put_off(review, "hm", actor="user:1", now=NOON + timedelta(days=9))
        db.session.commit()
    end_overdue(app, TEN_DAYS)
    assert states(app) == [(OUT,)]


def test_what_was_decided_in_time_stays_decided(app, review_id):
    with app.app_context():
        review = db.session.get_one(Hold, review_id)
        customer = db.session.get_one(type(a_customer()), review.customer_id)
        holds.release(customer, review, actor="user:1", now=NOON)
        db.session.commit()
    end_overdue(app, TEN_DAYS)
    assert states(app)[0] == (IN,)


def test_a_start_of_their_own_since_then_stands(app, review_id):
    with app.app_context():
        review = db.session.get_one(Hold, review_id)
        customer = db.session.get_one(type(a_customer()), review.customer_id)
        later = NOON + timedelta(days=1)
        ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", NOON, stated_at=NOON))
        ledger.record(customer, Statement(IN, Source.KEYWORD, "customer", later, stated_at=later))
        db.session.commit()
    end_overdue(app, TEN_DAYS)
    assert states(app)[0] == (IN,)


@pytest.mark.parametrize("kind", [ReviewKind.LISTEN, ReviewKind.SIGNUP])
def test_what_holds_nothing_waits_for_ever(app, kind):
    with app.app_context():
        customer = a_customer(status=IN)
        holds.ask(customer, kind, words="", matched="voice", why="is a voice note", at=NOON, now=NOON)
        db.session.commit()
    end_overdue(app, timedelta(days=400))
    assert states(app) == [(IN,)]
    with app.app_context():
        assert holds.open_count() == 1


def test_the_list_of_decisions_says_that_nobody_decided(app, desk: Desk, review_id):
    end_overdue(app, TEN_DAYS)
    line = desk().soup("/reviews").find(id=f"decided-{review_id}")
    assert "Opted out" in line.text
    assert "Nobody decided in ten days." in line.text
    assert not line.find("button")


def test_who_decides_too_late_is_told(app, desk: Desk, review_id):
    end_overdue(app, TEN_DAYS)
    answer = decide(desk(), review_id, "not_a_stop")
    assert answer.status_code == 409
    assert "Nobody decided in ten days, so Heed opted Ana Souza out" in answer.text


@pytest.mark.parametrize(("left", "words"), [
    (timedelta(days=3, minutes=1), "in 3 days"), (timedelta(days=1, hours=5), "in 1 day"),
    (timedelta(hours=5, minutes=1), "in 5 h"), (timedelta(minutes=3), "within the hour"),
])  # fmt: skip
def test_the_card_says_how_long_there_is(app, desk: Desk, review_id, left, words):
    with app.app_context():
        db.session.get_one(Hold, review_id).recorded_at = clock.now() - TEN_DAYS + left
        db.session.commit()
    assert f"becomes an opt-out {words}." in desk().soup("/reviews").find("article").text


def test_the_worker_does_it_every_hour(app, review_id):
    with app.app_context():
        db.session.get_one(Hold, review_id).recorded_at = clock.now() - TEN_DAYS
        db.session.commit()
    expiry.end_overdue_reviews(app)
    assert states(app) == [(OUT,)]
