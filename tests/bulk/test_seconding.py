"""An opt-out that was stated again stands, when the one before it is taken back by whoever had made it."""

from datetime import timedelta

import pytest

from tests.bulk.people import begun, done, finished, reverted
from tests.factories import a_customer, at
from webapp.bulk.actions import ActionKind
from webapp.consent import batches, holds, ledger, ledger_check, seconding, undoing
from webapp.consent.batches import BatchKind
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import UNDO_WINDOW, Effect, Kind, Source, Status, Turn, Verdict
from webapp.consent.undoing import NotUndoable
from webapp.customers import consenting, merging
from webapp.customers.importing import import_file
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.reviews import decisions, reopening
from webapp.reviews.decisions import Decision

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
SOON, LATER = at(30), timedelta(minutes=11)


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield
        db.session.rollback()
        assert ledger_check.first_fault() is None


@pytest.fixture
def ana():
    return a_customer("Ana", IN)


@pytest.fixture
def bo():
    return a_customer("Bo", IN)


def imported(tmp_path, *customers, second=20, name="list.csv"):
    """A list of opt-outs; what it did."""
    file = tmp_path / name
    numbers = [customer.identities[0].value for customer in customers]
    file.write_text("phone,consent\n" + "".join(f"+{number},opted_out\n" for number in numbers))
    import_file(file, actor="user:2", now=at(second))
    return batches.newest(BatchKind.IMPORT)


def opted_out(customer, actor="user:2", now=SOON):
    event = consenting.opt_out(customer, actor=actor, now=now)
    db.session.commit()
    return event


def taken_back(customer, event, actor="user:1"):
    consenting.undo(customer, event.id, actor=actor, now=at(40))
    db.session.commit()


def entries(customer) -> list[tuple[str, str, str]]:
    return [(event.source, event.status, event.effect) for event in ledger.history(customer.id)]


AGAIN = {
    "a list": lambda bo, tmp_path: imported(tmp_path, bo, second=30, name="right.csv"),
    "an agent": lambda bo, _: opted_out(bo),
    "a change of many": lambda bo, _: done(ActionKind.OPT_OUT, [bo.id]),
}


@pytest.mark.parametrize("again", AGAIN)
@pytest.mark.parametrize("first", ["a list", "a change of many"])
def test_a_batch_is_taken_back_but_for_whom_somebody_opted_out_since(first, again, ana, bo, tmp_path):
    wrong = imported(tmp_path, ana, bo) if first == "a list" else done(ActionKind.OPT_OUT, [ana.id, bo.id])
    AGAIN[again](bo, tmp_path)
    reverted(wrong)
    assert (ana.status, bo.status) == (IN, OUT)


@pytest.mark.parametrize("again", ["a list", "an agent"])
def test_an_agent_takes_nothing_back_that_somebody_has_said_again(again, bo, tmp_path):
    first = opted_out(bo, actor="user:1", now=at(5))
    AGAIN[again](bo, tmp_path)
    with pytest.raises(NotUndoable):
        taken_back(bo, first)
    assert bo.status == OUT


@pytest.mark.parametrize("again", ["a list", "a change of many"])
def test_nor_what_they_have_said_again_themselves_of_many(again, bo, tmp_path):
    actor = {"a list": "user:2", "a change of many": "user:1"}[again]
    first = opted_out(bo, actor=actor, now=at(5))
    AGAIN[again](bo, tmp_path)
    with pytest.raises(NotUndoable):
        taken_back(bo, first, actor=actor)
    assert bo.status == OUT


def test_a_list_stands_also_where_the_one_who_stated_it_again_before_takes_that_back(bo, tmp_path):
    wrong = done(ActionKind.OPT_OUT, [bo.id])
    second = opted_out(bo, actor="user:3", now=at(25))
    AGAIN["a list"](bo, tmp_path)
    with pytest.raises(NotUndoable):
        taken_back(bo, second, actor="user:3")
    reverted(wrong)
    assert bo.status == OUT


def test_a_review_is_not_taken_back_over_an_opt_out_of_a_colleague(bo):
    signal = Signal(Source.KEYWORD, "customer", at(1), message_id="wamid.1", proof=Proof("whatsapp", "no"))
    review = holds.hold(bo, "may be a stop", signal)
    decisions.decide(review, Decision.OPT_OUT, actor="user:1", now=at(5))
    db.session.commit()
    opted_out(bo)
    with pytest.raises(NotUndoable):
        reopening.undo(review, actor="user:1", now=at(40))


def test_there_is_one_such_entry_and_no_more(ana, bo, tmp_path):
    done(ActionKind.OPT_OUT, [bo.id])
    imported(tmp_path, bo, bo, second=30, name="right.csv")
    imported(tmp_path, bo, second=40, name="again.csv")
    opted_out(bo, now=at(50))
    assert entries(bo)[1:] == [("agent", OUT, "changed"), ("import", OUT, "none")]
    assert bo.events_count == 3


def test_one_such_entry_is_seen_beside_people_who_were_opted_out_later(ana, bo, tmp_path):
    done(ActionKind.OPT_OUT, [ana.id])
    imported(tmp_path, ana)
    done(ActionKind.OPT_OUT, [bo.id])
    imported(tmp_path, ana, bo, second=40)
    assert [effect for *_, effect in entries(ana)[1:]] == ["changed", "none"]
    assert [effect for *_, effect in entries(bo)[1:]] == ["changed", "none"]


def test_a_merge_in_between_hides_nothing(ana, bo, tmp_path):
    wrong = imported(tmp_path, ana)
    merging.merge(ana, bo, actor="user:1", now=at(25), why="One person")
    opted_out(ana)
    reverted(wrong)
    assert ana.status == OUT


def test_whoever_takes_the_second_one_back_leaves_the_first_as_it_was(ana, bo, tmp_path):
    wrong = imported(tmp_path, bo)
    second = opted_out(bo)
    taken_back(bo, second, actor="user:2")
    assert bo.status == OUT
    reverted(wrong)
    assert bo.status == IN


def test_a_list_that_was_imported_twice_is_taken_back_twice_the_newer_one_first(bo, tmp_path):
    first, second = imported(tmp_path, bo), imported(tmp_path, bo, second=30, name="again.csv")
    assert (batches.outlook(second, Customer).changes, batches.outlook(first, Customer).changes) == (1, 0)
    reverted(second)
    assert bo.status == OUT
    reverted(first)
    assert bo.status == IN


UNREVOCABLE = {
    "one's own, a double click": ("user:2", at(20)),
    "a colleague's of more than ten minutes ago": ("user:1", SOON - LATER),
}


@pytest.mark.parametrize("what", UNREVOCABLE)
def test_there_is_no_entry_where_nobody_else_could_take_the_first_back(what, bo):
    actor, when = UNREVOCABLE[what]
    opted_out(bo, actor=actor, now=when)
    assert opted_out(bo) is None


def test_nor_over_what_the_customer_said_a_moment_ago(bo):
    ledger.record(bo, Statement(OUT, Source.KEYWORD, "customer", at(20), proof=Proof("whatsapp", "STOP")))
    assert opted_out(bo) is None


def test_nor_over_what_the_customer_said_and_somebody_put_on_record_with_others(bo):
    missed = batches.open_batch(BatchKind.MISSED_STOPS, "1 missed", actor="user:1", now=at(1))
    with ledger.in_batch(missed.id):
        ledger.record(bo, Statement(OUT, Source.KEYWORD, "customer", at(20)))
    assert opted_out(bo) is None


def test_nor_where_something_that_nobody_takes_back_stands_over_it(bo):
    opted_out(bo, actor="user:1", now=at(5))
    signal = Signal(Source.AGENT, "user:1", at(9))
    ledger.append_signal(bo, Kind.HOLD, Turn.RELEASED, Verdict(Effect.NONE, at(9)), signal)
    assert opted_out(bo) is None


def test_nor_twice_in_one_batch(bo):
    batch = done(ActionKind.OPT_OUT, [bo.id])
    standing = {bo.id: bo.status_event_id}
    assert seconding.wanted(standing, actor="user:1", batch_id=batch.id, now=SOON) == set()
    assert seconding.wanted(standing, actor="user:1", batch_id=None, now=SOON) == {bo.id}


def test_there_is_one_up_to_the_last_moment_in_which_a_colleague_could_take_the_first_back(bo):
    opted_out(bo, actor="user:1", now=SOON - UNDO_WINDOW)
    assert opted_out(bo).effect == "none"


def test_there_is_one_over_a_change_of_many_for_longer_as_that_may_be_taken_back_for_longer(bo):
    done(ActionKind.OPT_OUT, [bo.id])
    assert opted_out(bo, now=SOON + LATER).effect == "none"


@pytest.mark.parametrize("again", ["a list", "a change of many"])
def test_nor_does_a_batch_enter_one_over_what_nobody_can_take_back(again, bo, tmp_path):
    opted_out(bo, actor="user:1", now=SOON - LATER)
    AGAIN[again](bo, tmp_path)
    assert entries(bo)[1:] == [("agent", OUT, "changed")]


def test_a_batch_that_is_repeated_says_nothing_again(bo):
    batch = begun(ActionKind.OPT_OUT, [bo.id])
    finished(batch)
    finished(batch)
    assert len(entries(bo)) == 2
    assert undoing.undoable(ledger.history(bo.id), "user:1", at(30))
