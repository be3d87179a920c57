"""The texts of customers are forgotten in time; what must be known longer is known longer."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.whatsapp.deliveries import a_change
from tests.whatsapp.posting import TODAY, deliver, kept, only_customer, says, state, the_ledger_is_whole
from tests.whatsapp.switching import switch
from webapp import clock
from webapp.consent import holds, ledger, policy
from webapp.consent.models import ConsentEvent, Evidence, ForgottenEvidence, Hold
from webapp.consent.rules import Kind
from webapp.extensions import db
from webapp.settings.housekeeping import forget_old_texts
from webapp.whatsapp.models import InboundMessage

RECEIPT = {"id": "wamid.out", "status": "read", "timestamp": str(TODAY), "recipient_id": "12025550107"}


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield
        assert the_ledger_is_whole()


def aged(days: float, *messages: InboundMessage) -> None:
    for message in messages or kept():
        message.received_at = clock.now() - timedelta(days=days)
    db.session.commit()


def night(app) -> list[InboundMessage]:
    """The nightly task runs; what is kept then."""
    db.session.remove()
    forget_old_texts(app)
    return kept()


def test_a_text_is_forgotten_after_ninety_days_and_that_somebody_wrote_stays(app):
    deliver(app, says("when do you open"), says("please stop", at=1))
    aged(91)
    for message in night(app):
        assert (message.raw, message.matched) == (b"", "")
        assert message.customer_id == only_customer().id
        assert message.occurred_at


def test_a_text_of_yesterday_stays(app):
    deliver(app, says("when do you open"))
    aged(89)
    assert b"when do you open" in night(app)[0].raw


def test_the_words_of_an_opt_out_stay_with_its_evidence(app):
    deliver(app, says("stop"))
    aged(91)
    night(app)
    [event] = ledger.history(only_customer().id)
    assert db.session.get(Evidence, event.id).words == "stop"


class TestAReviewedMessage:
    def review(self, app, stop: bool) -> Hold:
        deliver(app, says("the bus, please stop"))
        [review] = db.session.scalars(select(Hold))
        decide = holds.confirm_stop if stop else holds.release
        decide(only_customer(), review, actor="user:1", now=clock.now())
        review.occurred_at = clock.now() - timedelta(days=91)
        db.session.commit()
        return review

    def said(self) -> list[str]:
        return list(db.session.scalars(select(Evidence.words).order_by(Evidence.event_id)))

    def test_that_was_no_stop_is_forgotten_and_the_ledger_stays_whole(self, app):
        self.review(app, stop=False)
        night(app)
        assert [(review.words, review.decision) for review in db.session.scalars(select(Hold))] == [
            ("", "not_a_stop"),
        ]  # fmt: skip
        assert self.said() == []
        assert len(ledger.history(only_customer().id)) == 2

    def test_what_was_forgotten_is_noted_with_when_and_why(self, app):
        self.review(app, stop=False)
        night(app)
        noted = db.session.scalars(select(ForgottenEvidence).order_by(ForgottenEvidence.event_id)).all()
        assert [note.why for note in noted] == ["retention", "retention"]

    def test_that_was_a_stop_stays(self, app):
        self.review(app, stop=True)
        night(app)
        assert "the bus, please stop" in self.said()

    def test_that_nobody_decided_stays(self, app):
        deliver(app, says("the bus, please stop"))
        [review] = db.session.scalars(select(Hold))
        review.occurred_at = clock.now() - timedelta(days=400)
        db.session.commit()
        night(app)
        assert self.said() == ["the bus, please stop"]

    def test_of_yesterday_stays(self, app):
        self.review(app, stop=False).occurred_at = clock.now() - timedelta(days=1)
        db.session.commit()
        night(app)
        assert "the bus, please stop" in self.said()


def test_the_key_stays_so_a_repeated_delivery_is_still_known(app):
    deliver(app, says("start"))
    aged(400)
    night(app)
    deliver(app, says("start"))
    assert (len(kept()), len(ledger.history(only_customer().id))) == (1, 1)


def test_a_dead_letter_that_is_open_stays(app):
    deliver(app, says("stop"))
    kept()[0].failure = "could not be applied"
    aged(400)
    assert b"stop" in night(app)[0].raw


def test_a_missed_stop_that_nobody_decided_stays_and_chatter_beside_it_goes(app):
    switch(False)
    deliver(app, says("stop"), says("hello", at=1))
    aged(91)
    stop, hello = night(app)
    assert (b"stop" in stop.raw, stop.missed) == (True, "opt_out")
    assert (hello.raw, hello.missed) == (b"", None)
    assert state(only_customer()) == ("unknown",)


@pytest.mark.parametrize(
    ("days", "left", "rule"),
    [(91, 0, "a receipt goes with the texts"), (89, 1, "and not before")],
)
def test_receipts_of_our_own_messages_are_deleted(app, days, left, rule):
    deliver(app, a_change(statuses=[RECEIPT]))
    aged(days)
    assert len(night(app)) == left, rule


def test_a_receipt_is_known_longer_than_meta_repeats_it(app):
    policy.keep_inbound(1, version=None, actor="user:1", now=clock.now())
    db.session.commit()
    deliver(app, a_change(statuses=[RECEIPT]))
    aged(8)
    assert len(night(app)) == 1


def test_the_setting_counts_and_its_change_is_a_policy_event(app):
    policy.keep_inbound(7, version=None, actor="user:1", now=clock.now())
    db.session.commit()
    deliver(app, says("when do you open"))
    aged(8)
    assert night(app)[0].raw == b""
    log = select(Evidence.words).join(ConsentEvent).where(ConsentEvent.kind == Kind.POLICY)
    assert list(db.session.scalars(log)) == ['{"before":{"inbound_days":90},"after":{"inbound_days":7}}']


def test_more_than_one_batch_is_forgotten_in_a_night(app, monkeypatch):
    monkeypatch.setattr("webapp.whatsapp.retention.AT_ONCE", 2)
    deliver(app, *(says("hello", at=n) for n in range(5)))
    aged(91)
    assert {message.raw for message in night(app)} == {b""}


def test_nothing_of_a_text_enters_the_logs(app, caplog):
    caplog.set_level("DEBUG", logger="heed")
    caplog.set_level("DEBUG", logger="webapp")
    deliver(app, says("my secret garden"))
    aged(91)
    night(app)
    assert "secret garden" not in caplog.text
