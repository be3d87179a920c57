"""How it stood at an instant: one customer with what made it, and totals that equal the folded ledger."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.consent.test_batches import do
from tests.factories import NOON, a_customer, a_number, at
from webapp.consent import ledger, state
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers import as_of, identities, merging
from webapp.customers.as_of import Totals
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
DEEDS = ["import in", "import out", "agent out", "agent in", "stop", "start", "platform", "resume", "hold",
         "identity", "undo", "revert"]  # fmt: skip


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def stop(customer: Customer, seconds: float) -> int:
    said = Statement(OUT, Source.KEYWORD, "customer", at(seconds), proof=Proof("whatsapp", "STOP", "STOP"))
    event = ledger.record(customer, said)
    db.session.commit()
    return event.id


def test_a_customer_is_shown_with_the_event_that_made_it():
    ana = a_customer(status=IN)
    first, event = ana.status_event_id, stop(ana, 60)
    (before,) = as_of.person(ana.id, at(59))
    (after,) = as_of.person(ana.id, at(60))
    assert (before.state.status, before.status_event.id) == (IN, first)
    assert (after.state.status, after.status_event.id) == (OUT, event)


def test_what_counts_is_when_it_was_recorded_not_when_it_happened():
    ana = a_customer(status=IN)
    late = Statement(OUT, Source.KEYWORD, "customer", at(600), stated_at=at(10), proof=Proof("", "STOP"))
    ledger.record(ana, late)
    db.session.commit()
    assert as_of.person(ana.id, at(300))[0].state.status == IN
    assert as_of.totals(at(300)).opted_in == 1


def test_before_there_was_a_customer_there_is_nothing():
    ana = a_customer()
    assert as_of.person(ana.id, NOON - timedelta(seconds=1)) == []
    assert as_of.totals(NOON - timedelta(seconds=1)) == Totals(0, 0, 0, 0, 0, 0)
    assert as_of.totals(NOON) == Totals(1, 0, 0, 1, 0, 0)


def test_merged_records_are_as_they_were_then():
    ana, ben = a_customer("Ana", IN), a_customer("Ben")
    stop(ben, 10)
    merging.merge(ana, ben, actor="user:1", now=at(20), why="One person")
    db.session.commit()
    then = {each.customer_id: each.state.status for each in as_of.person(ana.id, at(15))}
    assert then == {ana.id: IN, ben.id: OUT}
    assert as_of.totals(at(15)) == Totals(2, 1, 1, 0, 0, 0)
    assert [each.customer_id for each in as_of.person(ana.id, at(25))] == [ana.id]
    assert as_of.totals(at(25)) == Totals(1, 0, 1, 0, 0, 0)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from(DEEDS)), min_size=1, max_size=14),
    st.integers(9, 26),
)
def test_totals_equal_the_fold_of_every_history(app, deeds, second):
    with app.app_context():
        already = len(db.session.query(Customer).all())
        people = [
            identities.create(name=f"P {n}", phone=a_number(), source="agent", now=at(n)) for n in range(3)
        ]
        db.session.commit()
        imports: list[list] = [[], [], []]
        for n, (who, deed) in enumerate(deeds):
            do(deed, people[who], imports[who], 10.0 + n)
        db.session.commit()
        assert already == 0 or already % 3 == 0
        assert as_of.totals(at(second)) == folded(at(second))


def folded(instant) -> Totals:
    """The same in Python, customer by customer."""
    states = []
    for customer in db.session.query(Customer):
        if customer.created_at <= instant:
            known = [event for event in ledger.history(customer.id) if event.recorded_at <= instant]
            states.append(state.fold(known))
    n = {status: sum(each.status == status for each in states) for status in Status}
    return Totals(
        len(states), n[IN], n[OUT], n[NONE],
        sum(each.platform_stop_at is not None for each in states),
        sum(each.held_at is not None for each in states),
    )  # fmt: skip
