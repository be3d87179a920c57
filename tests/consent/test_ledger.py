"""The ledger in the database: state and history move together, and nobody rewrites history."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.factories import NOON, a_customer, at
from webapp.consent import holds, ledger, ledger_check, undoing
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, Evidence, Hold
from webapp.consent.rules import Effect, OptedOutStands, Source, State, Status, Turn
from webapp.consent.undoing import NotUndoable
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
WORDS = Proof("web_form", "Yes, please")


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def stop(customer: Customer, seconds: float, message_id: str | None = None) -> ConsentEvent | None:
    said = Proof("whatsapp", "Stop!", "STOP", message_id or "")
    return ledger.record(
        customer,
        Statement(OUT, Source.KEYWORD, "customer", at(seconds), message_id=message_id, proof=said),
    )


def fault() -> str | None:
    db.session.commit()
    return ledger_check.first_fault()


def agent(customer: Customer, status: Status, seconds: float, actor: str = "user:1") -> ConsentEvent | None:
    return ledger.record(customer, Statement(status, Source.AGENT, actor, at(seconds), proof=WORDS))


def test_state_and_event_are_written_together():
    customer = a_customer(status=IN)
    event = stop(customer, 5)
    db.session.commit()
    assert (customer.status, customer.status_at, customer.status_event_id) == (OUT, at(5), event.id)
    assert customer.version == 3
    assert fault() is None


def test_the_same_message_is_recorded_once():
    customer = a_customer()
    first, second = stop(customer, 5, "wamid.A"), stop(customer, 6, "wamid.A")
    assert first is second
    assert len(ledger.history(customer.id)) == 1


def test_the_ledger_keeps_no_message_id_in_clear():
    """WhatsApp's message id carries the phone number in base64, and an event can never be erased."""
    customer = a_customer()
    event = stop(customer, 5, "wamid.HBgMNTUxMTk4ODEyNDQxMA==")
    assert "wamid" not in event.external_id
    assert len(event.external_id) == 64


def test_the_words_stand_apart_from_the_ledger_and_are_tied_to_it():
    customer = a_customer()
    event = stop(customer, 5)
    evidence = db.session.get(Evidence, event.id)
    assert (evidence.words, evidence.matched) == ("Stop!", "STOP")
    assert event.evidence_digest == ledger.digest(evidence.nonce, Proof("whatsapp", "Stop!", "STOP"))
    assert "Stop!" not in str(vars(event))


def test_an_import_never_lifts_an_opt_out():
    customer = a_customer(status=OUT)
    with pytest.raises(OptedOutStands):
        ledger.record(customer, Statement(IN, Source.IMPORT, "system", at(9), proof=WORDS))
    assert customer.status == OUT


class TestUndo:
    def test_it_restores_the_state_with_its_evidence(self):
        customer = a_customer(status=IN)
        before = customer.consent
        event = agent(customer, OUT, 5)
        undo = undoing.undo(customer, event.id, actor="user:1", now=at(60))
        assert customer.consent == before
        assert undo.compensates == event.id
        assert fault() is None

    def test_it_restores_no_record(self):
        customer = a_customer()
        event = agent(customer, OUT, 5)
        undoing.undo(customer, event.id, actor="user:1", now=at(60))
        assert customer.consent == State()

    @pytest.mark.parametrize(
        ("sentence", "meanwhile", "actor", "seconds", "why"),
        [
            ("after the customer's own words", lambda c: stop(c, 6), "user:1", 60,
             "Something newer is on record for this customer."),
            ("after WhatsApp's own stop",
             lambda c: ledger.record_platform(c, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", at(6))),
             "user:1", 60, "Something newer is on record for this customer."),
            ("by a colleague", lambda c: None, "user:2", 60,
             "Only the person who made this change can undo it."),
            ("after ten minutes", lambda c: None, "user:1", 5 + 601,
             "A change can be undone within ten minutes."),
        ],
    )  # fmt: skip
    def test_it_is_refused(self, sentence, meanwhile, actor, seconds, why):
        customer = a_customer(status=IN)
        event = agent(customer, OUT, 5)
        meanwhile(customer)
        state = customer.consent
        with pytest.raises(NotUndoable, match=f"^{why}$"):
            undoing.undo(customer, event.id, actor=actor, now=at(seconds))
        assert customer.consent == state, sentence

    @pytest.mark.parametrize(
        "record",
        [
            lambda c: stop(c, 5),
            lambda c: None,
            lambda c: ledger.record_identity(c, "merged", Signal(Source.AGENT, "user:1", at(5))),
        ],
    )
    def test_it_never_takes_back_what_the_customer_or_an_import_said_or_what_is_no_statement(self, record):
        customer = a_customer(status=IN)
        record(customer)
        latest = ledger.history(customer.id)[-1]
        with pytest.raises(NotUndoable, match=r"^Only an agent's own change can be undone\.$"):
            undoing.undo(customer, latest.id, actor=latest.actor, now=at(6))

    def test_it_is_offered_for_the_latest_event_and_where_there_is_none_for_nothing(self):
        customer = a_customer(status=IN)
        stop(customer, 5)
        latest = agent(customer, IN, 10)
        history = ledger.history(customer.id)
        assert undoing.undoable(history, "user:1", at(610)) == latest.id
        assert undoing.undoable(history, "user:1", at(610.000001)) is None
        assert undoing.undoable([], "user:1", at(6)) is None

    def test_it_is_refused_where_nothing_is_on_record(self):
        with pytest.raises(NotUndoable):
            undoing.undo(a_customer(), 1, actor="user:1", now=at(6))

    def test_it_happens_once(self):
        customer = a_customer(status=IN)
        event = agent(customer, OUT, 5)
        undo = undoing.undo(customer, event.id, actor="user:1", now=at(6))
        for event_id in (event.id, undo.id):
            with pytest.raises(NotUndoable):
                undoing.undo(customer, event_id, actor="user:1", now=at(7))


class TestHolds:
    def hold(self, customer: Customer, seconds: float, message_id: str) -> Hold:
        signal = Signal(Source.KEYWORD, "customer", at(seconds), message_id=message_id,
                        proof=Proof("whatsapp", "Stop. Thank you"))  # fmt: skip
        return holds.hold(customer, "contains STOP", signal)

    def test_a_hold_pauses_and_a_release_ends_it(self):
        customer = a_customer(status=IN)
        review = self.hold(customer, 5, "wamid.A")
        assert customer.held_at == at(5)
        holds.release(customer, review, actor="user:1", now=at(9))
        assert customer.held_at is None
        assert customer.status == IN
        assert fault() is None

    def test_the_pause_lasts_until_the_last_message_is_read(self):
        customer = a_customer(status=IN)
        first, second = self.hold(customer, 5, "wamid.A"), self.hold(customer, 6, "wamid.B")
        holds.release(customer, first, actor="user:1", now=at(9))
        assert customer.held_at == at(5)
        holds.release(customer, second, actor="user:1", now=at(10))
        assert customer.held_at is None
        assert fault() is None

    def test_the_same_message_is_reviewed_once(self):
        customer = a_customer(status=IN)
        assert self.hold(customer, 5, "wamid.A") is self.hold(customer, 6, "wamid.A")

    def test_a_person_finds_that_it_is_a_stop(self):
        customer = a_customer(status=IN)
        review = self.hold(customer, 5, "wamid.A")
        event = holds.confirm_stop(customer, review, actor="user:1", now=at(9))
        assert (customer.status, customer.status_at, customer.held_at) == (OUT, at(5), None)
        assert (event.source, event.actor) == (Source.REVIEW, "user:1")
        assert review.decision == "opt_out"
        assert fault() is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_events SET status = 'opted_in'",
        "DELETE FROM consent_events",
        "INSERT INTO consent_events SELECT * FROM consent_events",
    ],
)
def test_the_database_refuses_to_rewrite_the_ledger(statement):
    stop(a_customer(), 5)
    db.session.commit()
    with pytest.raises(DatabaseError):
        db.session.execute(text(statement))


def test_sqlite_refuses_to_replace_an_event():
    stop(a_customer(), 5)
    db.session.commit()
    if db.engine.dialect.name == "sqlite":
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(text("INSERT OR REPLACE INTO consent_events SELECT * FROM consent_events"))
    else:
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(text("TRUNCATE consent_events CASCADE"))


class TestVerify:
    """Somebody edits rows behind the product's back, with the triggers out of the way."""

    @pytest.fixture
    def customer(self):
        customer = a_customer(status=IN)
        stop(customer, 5)
        db.session.commit()
        self.drop_guards()
        return customer

    def drop_guards(self) -> None:
        if db.engine.dialect.name == "sqlite":
            for name in ("no_update", "no_delete", "no_replace"):
                db.session.execute(text(f"DROP TRIGGER consent_events_{name}"))
        else:
            db.session.execute(text("ALTER TABLE consent_events DISABLE TRIGGER USER"))

    @pytest.mark.parametrize(
        ("sentence", "edit"),
        [
            ("a state set by hand", "UPDATE customers SET status = 'opted_in'"),
            ("a platform stop lifted by hand", "UPDATE customers SET held_at = created_at"),
            ("the latest event removed",
             "DELETE FROM consent_events WHERE id = (SELECT max(id) FROM consent_events)"),
            ("an event turned round", "UPDATE consent_events SET status = 'opted_in'"),
            ("the effect of an event changed", "UPDATE consent_events SET effect = 'none'"),
            ("another source", "UPDATE consent_events SET source = 'api'"),
            ("another time", "UPDATE consent_events SET occurred_at = '2026-11-20 11:00:00'"),
            ("other words", "UPDATE evidence SET words = 'I love it'"),
            ("the words gone", "DELETE FROM evidence"),
            ("an event forged", "INSERT INTO consent_events (customer_id, kind, status, source, actor, "
             "rule_version, effect, reason, occurred_at, recorded_at, evidence_digest) "
             "SELECT customer_id, kind, 'opted_in', source, actor, '', effect, '', occurred_at, recorded_at, "
             "'' FROM consent_events"),
            ("an event forged that changes nothing", "INSERT INTO consent_events (customer_id, kind, status, "
             "source, actor, rule_version, effect, reason, occurred_at, recorded_at, evidence_digest) "
             "SELECT customer_id, kind, status, source, actor, '', 'none', '', occurred_at, recorded_at, "
             "'' FROM consent_events"),
        ],
    )  # fmt: skip
    def test_it_finds(self, customer, sentence, edit):
        if "DELETE FROM consent_events" in edit:
            db.session.execute(
                text("DELETE FROM evidence WHERE event_id = (SELECT max(id) FROM consent_events)")
            )
        db.session.execute(text(edit))
        db.session.commit()
        assert fault(), sentence

    def test_it_is_content_with_what_the_product_wrote(self, customer):
        db.session.commit()
        assert fault() is None


def test_a_reading_of_a_customer_that_is_locked_sees_what_the_other_wrote(app):
    customer = a_customer(status=IN)
    with db.engine.begin() as other:
        other.execute(text("UPDATE customers SET version = 41"))
    ledger.lock(customer)
    assert customer.version == 41
    assert customer.status_at == NOON


def test_an_event_without_effect_says_why():
    customer = a_customer(status=OUT)
    event = stop(customer, 5)
    assert (event.effect, event.reason) == (Effect.NONE, "same_status")
