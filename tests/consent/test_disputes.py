"""Who differs from the ledger gets no marketing, and settling it never lets more marketing through."""

from itertools import product

import pytest
from sqlalchemy import text

from tests.consent.sealing.sealed import fault, rewrite, seal
from tests.factories import NOON, a_customer, at
from webapp.consent import disputes, gate, ledger, state, undoing
from webapp.consent.disputes import NotDisputed, Unreadable
from webapp.consent.gate import Category, Terms
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import EvidenceMissing, Kind, Source, State, Status, Turn
from webapp.consent.sealing import verification
from webapp.consent.undoing import NotUndoable
from webapp.customers import merging
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
MARKETING = Category.MARKETING


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def edited(customer: Customer, columns: str) -> Customer:
    """The customer after somebody edited the columns and verification ran."""
    db.session.execute(text(f"UPDATE customers SET {columns} WHERE id = {customer.id}"))  # noqa: S608 our own
    assert f"Customer {customer.id}" in fault()
    db.session.refresh(customer)
    assert customer.disputed_at is not None
    return customer


def settle(customer: Customer, seconds: float = 90_000) -> None:
    disputes.settle(customer, actor="user:1", now=at(seconds))
    db.session.commit()


def may_receive(customer: Customer) -> bool:
    return gate.suppression(customer.gate_facts, MARKETING) is None


def test_verification_stops_marketing_to_every_customer_who_differs():
    customers = [a_customer(name, OUT) for name in ("Ana", "Ben", "Cleo")]
    a_customer("Dina", IN)
    db.session.execute(text("UPDATE customers SET status = 'opted_in' WHERE id < 3"))
    assert fault().startswith("Customer 1: status is opted_in")
    assert [each.customer.id for each in disputes.open_ones(10)] == [1, 2]
    assert not may_receive(db.session.get_one(Customer, customers[0].id, populate_existing=True))


def test_it_stops_marketing_also_when_the_seals_are_at_fault_first():
    a_customer("Ana", OUT)
    seal()
    rewrite("UPDATE customers SET status = 'opted_in'", "DELETE FROM seals")
    assert "seal" in fault()
    assert disputes.open_count() == 1


def test_verification_never_settles_anything():
    customer = edited(a_customer("Ana", OUT), "status = 'opted_in'")
    since = customer.disputed_at
    assert fault() is not None
    db.session.refresh(customer)
    assert customer.disputed_at == since
    db.session.execute(text("UPDATE customers SET status = 'opted_out'"))
    assert fault() is None
    db.session.refresh(customer)
    assert customer.disputed_at == since, "an admin looks at it all the same"


def test_an_edited_opt_in_is_taken_back():
    customer = edited(a_customer("Ana", OUT), "status = 'opted_in'")
    settle(customer)
    assert (customer.status, customer.disputed_at) == (OUT, None)
    assert fault() is None


def test_an_opt_out_of_the_columns_alone_stays_and_takes_evidence_to_lift():
    customer = edited(
        a_customer("Ana", IN), "status = 'opted_out', opt_out_at = '2026-11-20 13:00:00.000000'"
    )
    settle(customer)
    assert (customer.status, customer.disputed_at, may_receive(customer)) == (OUT, None, False)
    assert fault() is None
    with pytest.raises(EvidenceMissing):
        ledger.record(customer, Statement(IN, Source.AGENT, "user:2", at(99_000)))
    ledger.record(
        customer, Statement(IN, Source.AGENT, "user:2", at(99_000), proof=Proof("web_form", "Yes!"))
    )
    assert may_receive(customer)


STOPS = [
    ("a stop in WhatsApp", "platform_stop_at = '2026-11-20 13:00:00.000000'"),
    ("a hold", "held_at = '2026-11-20 13:00:00.000000'"),
    ("no record", "status = 'unknown'"),
]


@pytest.mark.parametrize(("sentence", "columns"), STOPS, ids=[name for name, _ in STOPS])
def test_what_kept_marketing_away_in_the_columns_alone_becomes_an_opt_out(sentence, columns):
    customer = edited(a_customer("Ana", IN), columns)
    settle(customer)
    assert customer.status == OUT, sentence
    assert fault() is None


def test_a_forged_history_lets_no_marketing_through():
    """The columns say opted out, and so did the history, until somebody turned its event round."""
    customer = a_customer("Ana", IN)
    ledger.record(
        customer, Statement(OUT, Source.KEYWORD, "customer", at(5), proof=Proof("whatsapp", "Stop"))
    )
    db.session.commit()
    rewrite("UPDATE consent_events SET status = 'opted_in' WHERE id = 2")
    assert fault() is not None
    customer = db.session.get_one(Customer, customer.id, populate_existing=True)
    settle(customer)
    assert (customer.status, may_receive(customer)) == (OUT, False)


ALL_STATES = [
    State(status=status, platform_stop_at=NOON if stopped else None, held_at=NOON if held else None)
    for status, stopped, held in product(Status, [False, True], [False, True])
]


@pytest.mark.parametrize("unknown_may_receive", [False, True])
def test_no_combination_becomes_more_permissive(unknown_may_receive):
    def allowed(each: State) -> bool:
        facts = gate.Facts(each.status, platform_stop=bool(each.platform_stop_at), on_hold=bool(each.held_at))
        return gate.suppression(facts, MARKETING, Terms(unknown_may_receive)) is None

    for shown, told in product(ALL_STATES, repeat=2):
        becomes = OUT if disputes.needs_opt_out(shown, told) else told.status
        after = State(status=becomes, platform_stop_at=told.platform_stop_at, held_at=told.held_at)
        assert allowed(shown) or not allowed(after), (shown, told)
        assert shown.status != OUT or after.status == OUT, (shown, told)


def test_a_history_that_agrees_needs_no_opt_out():
    assert not any(disputes.needs_opt_out(each, each) for each in ALL_STATES)


def test_a_missing_event_is_taken_as_it_is_and_leaves_a_trace():
    customer = a_customer("Ana", IN)
    ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", at(5)))
    db.session.commit()
    rewrite("DELETE FROM consent_events WHERE id = 2")
    assert fault() == "Customer 1 had 2 events; the ledger holds 1."
    customer = db.session.get_one(Customer, customer.id, populate_existing=True)
    settle(customer)
    last = ledger.history(customer.id)[-1]
    assert (last.kind, last.reason, last.actor) == (Kind.IDENTITY, "settled", "user:1")
    assert '"entries":{"shown":2,"history":1}' in db.session.get_one(Evidence, last.id).words
    assert (customer.status, customer.events_count) == (OUT, 3)
    assert fault() is None


def test_a_settlement_cannot_be_undone():
    customer = edited(a_customer("Ana", IN), "status = 'opted_out'")
    settle(customer)
    for event in ledger.history(customer.id)[-2:]:
        with pytest.raises(NotUndoable):
            undoing.undo(customer, event.id, actor="user:1", now=at(90_001))


def test_it_is_settled_once():
    customer = edited(a_customer("Ana", OUT), "status = 'opted_in'")
    settle(customer)
    with pytest.raises(NotDisputed):
        settle(customer)


def test_a_history_that_cannot_be_read_settles_nothing_and_stops_no_verification():
    customer = a_customer("Ana", IN)
    a_customer("Ben", IN)
    rewrite(
        "UPDATE consent_events SET status = 'maybe' WHERE id = 1",
        "UPDATE customers SET status = 'unknown' WHERE id = 2",
    )
    assert fault() == "The history of customer 1 cannot be read."
    assert disputes.open_count() == 2
    customer = db.session.get_one(Customer, customer.id, populate_existing=True)
    with pytest.raises(Unreadable):
        settle(customer)
    assert customer.disputed_at is not None


def test_what_customers_say_meanwhile_is_recorded_and_the_dispute_stays():
    customer = edited(a_customer("Ana", OUT), "status = 'opted_in'")
    signal = Signal(Source.WHATSAPP, "whatsapp", at(70_000))
    ledger.record_platform(customer, Turn.STOPPED, signal)
    db.session.commit()
    assert customer.disputed_at is not None
    settle(customer)
    assert (customer.status, customer.platform_stop_at) == (OUT, at(70_000))
    assert customer.consent == state.fold(ledger.history(customer.id))


def test_a_merged_customer_takes_the_dispute_along():
    kept, gone = a_customer("Ana", IN), a_customer("Ana", IN)
    edited(gone, "status_event_id = 999")
    merging.merge(kept, gone, actor="user:1", now=at(90_000), why="The same person")
    db.session.commit()
    assert not may_receive(kept)


def test_a_run_marks_so_many_and_the_next_one_goes_on(monkeypatch):
    monkeypatch.setattr(verification, "MOST_MARKED", 2)
    for name in ("Ana", "Ben", "Cleo"):
        a_customer(name, OUT)
    db.session.execute(text("UPDATE customers SET status = 'opted_in'"))
    fault()
    assert disputes.open_count() == 2
    fault()
    assert disputes.open_count() == 3
    assert db.session.query(ConsentEvent).count() == 3
    assert fault() is not None
