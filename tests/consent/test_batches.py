"""Taking an import back: it restores what stood before, and never goes over anything newer."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text

from tests.factories import NOON, a_customer, at
from webapp.bulk import reverting, running
from webapp.bulk.models import BatchRun
from webapp.consent import batches, guards, holds, ledger, ledger_check, state, undoing
from webapp.consent.batches import BatchKind, Kept, NotRevertible
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Batch, ConsentEvent, Evidence
from webapp.consent.rules import ConsentRefused, Source, Status, Turn
from webapp.consent.undoing import NotUndoable
from webapp.customers import merging
from webapp.customers.importing import import_file
from webapp.customers.models import Customer
from webapp.extensions import db

IN, OUT, NONE = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
MANAGER = "user:7"


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def an_import(*people: Customer, status: Status = OUT, second: float = 10) -> Batch:
    """A file that says this of these people."""
    batch = batches.open_batch(BatchKind.IMPORT, "list.csv", actor="user:1", now=at(second))
    for person in people:
        said = Statement(status, Source.IMPORT, "user:1", at(second), proof=Proof("", "From the list"),
                         batch_id=batch.id)  # fmt: skip
        ledger.record(person, said)
    db.session.commit()
    return batch


def reverted(batch: Batch, second: float = 100) -> Batch:
    """Taken back to its end; committed."""
    revert = reverting.begin(batch, actor=MANAGER, now=at(second))
    while running.go_on(revert.id, at(second)):
        db.session.commit()
    db.session.commit()
    return revert


def own_stop(customer: Customer, second: float = 50) -> None:
    said = Proof("whatsapp", "STOP", "STOP")
    ledger.record(customer, Statement(OUT, Source.KEYWORD, "customer", at(second), proof=said))


def whole() -> bool:
    db.session.commit()
    return ledger_check.first_fault() is None


@pytest.mark.parametrize("status", [IN, NONE])
def test_it_restores_the_state_before_with_its_evidence(status):
    ana = a_customer(status=status)
    before = ana.consent
    revert = reverted(an_import(ana))
    assert ana.consent == before
    event = ledger.history(ana.id)[-1]
    assert (event.batch_id, event.actor, event.status, event.source) == (revert.id, MANAGER, status, "agent")
    assert revert.finished_at == at(100)
    assert whole()


def test_an_opt_in_that_came_by_the_import_is_taken_back():
    ana = a_customer()
    batch = an_import(ana, status=IN)
    assert ana.status == IN
    reverted(batch)
    assert (ana.status, ana.status_event_id) == (NONE, None)
    assert whole()


NEWER = {
    "the customer's own words": own_stop,
    "the customer's own opt-in": lambda c: ledger.record(
        c, Statement(IN, Source.BUTTON, "customer", at(50), proof=Proof("whatsapp", "START", "START"))
    ),
    "WhatsApp's stop": lambda c: ledger.record_platform(
        c, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", at(50))
    ),
    "a message that waits for review": lambda c: holds.hold(
        c, "contains STOP", Signal(Source.KEYWORD, "customer", at(50), proof=Proof("", "No more please"))
    ),
    "a colleague's later statement": lambda c: ledger.record(
        c, Statement(IN, Source.AGENT, "user:2", at(50), proof=Proof("phone_call", "Yes, again"))
    ),
}


@pytest.mark.parametrize("newer", list(NEWER))
def test_it_never_goes_over_anything_newer(newer):
    ana = a_customer(status=IN)
    batch = an_import(ana)
    NEWER[newer](ana)
    db.session.commit()
    stands = ana.consent
    assert batches.outlook(batch, Customer).kept == {Kept.NEWER: 1}
    reverted(batch)
    assert ana.consent == stands, newer
    assert whole()


def test_what_came_with_the_person_and_not_with_the_consent_stands_not_in_the_way():
    ana = a_customer(status=IN)
    batch = an_import(ana)
    ledger.record_identity(ana, "number_changed", Signal(Source.WHATSAPP, "whatsapp", at(50)))
    db.session.commit()
    reverted(batch)
    assert ana.status == IN
    assert whole()


def test_two_imports_are_taken_back_one_after_the_other_the_later_first():
    ana = a_customer(status=IN)
    before = ana.consent
    first = an_import(ana, status=OUT, second=10)
    ledger.record(ana, Statement(IN, Source.AGENT, "user:2", at(20), proof=Proof("email", "Yes")))
    agent_said = ana.consent
    second = an_import(ana, status=OUT, second=30)
    reverted(first, 40)
    assert ana.status == OUT
    reverted(second, 50)
    assert ana.consent == agent_said
    assert whole()
    assert before.status == IN


def test_an_earlier_import_can_follow_once_what_came_after_it_was_taken_back():
    ana = a_customer()
    first = an_import(ana, status=IN, second=10)
    second = an_import(ana, status=OUT, second=20)
    reverted(second, 30)
    assert ana.status == IN
    reverted(first, 40)
    assert ana.status == NONE
    assert whole()


def test_an_opt_in_without_its_evidence_does_not_come_back():
    ana = a_customer(status=IN)
    proof = ana.status_event_id
    batch = an_import(ana)
    db.session.execute(delete(Evidence).where(Evidence.event_id == proof))
    db.session.commit()
    assert batches.outlook(batch, Customer).kept == {Kept.NO_PROOF: 1}
    reverted(batch)
    assert ana.status == OUT


def test_who_was_merged_away_or_erased_is_left_as_it_is():
    ana, ben, eva = (a_customer(name, IN) for name in ("Ana", "Ben", "Eva"))
    batch = an_import(ben, eva)
    merging.merge(ana, ben, actor=MANAGER, now=at(20), why="The same person")
    eva.erased_at = at(20)
    db.session.commit()
    assert batches.outlook(batch, Customer).kept == {Kept.GONE: 2}
    reverted(batch)
    assert (ben.status, eva.status, ana.status) == (OUT, OUT, OUT)


def test_the_outlook_says_what_the_revert_does():
    people = [a_customer(f"Person {n}", IN) for n in range(5)]
    batch = an_import(*people)
    own_stop(people[0])
    db.session.commit()
    outlook = batches.outlook(batch, Customer)
    assert (outlook.changes, outlook.kept) == (4, {Kept.NEWER: 1})
    revert = reverted(batch)
    assert db.session.query(ConsentEvent).filter_by(batch_id=revert.id).count() == 4
    assert [person.status for person in people] == [OUT, IN, IN, IN, IN]
    again = batches.outlook(batch, Customer)
    assert (again.changes, again.kept) == (0, {Kept.REVERTED: 4, Kept.NEWER: 1})


@pytest.mark.parametrize("at_once", [1, 500])
def test_of_who_stands_in_a_list_twice_all_is_taken_back(at_once, monkeypatch, tmp_path):
    """Else what is left would be the opt-in of a list that nobody wanted."""
    monkeypatch.setattr(batches, "AT_ONCE", at_once)
    ana = a_customer(phone="+1 202 555 0107")
    file = tmp_path / "list.csv"
    file.write_text("phone,consent,evidence\n+12025550107,opted_in,Form\n+12025550107,opted_out,\n")
    import_file(file, actor="user:1", now=at(10))
    batch = batches.newest(BatchKind.IMPORT)
    assert ana.status == OUT
    assert batches.outlook(batch, Customer).changes == 2
    reverted(batch)
    assert (ana.status, whole()) == (NONE, True)


def test_of_who_stands_in_a_list_twice_and_said_stop_since_nothing_is(tmp_path):
    ana = a_customer()
    batch = an_import(ana, status=IN)
    said = Statement(OUT, Source.IMPORT, "user:1", at(11), batch_id=batch.id)
    ledger.record(ana, said)
    own_stop(ana)
    db.session.commit()
    assert batches.outlook(batch, Customer).kept == {Kept.NEWER: 2}
    reverted(batch)
    assert (ana.status, whole()) == (OUT, True)


def test_a_revert_that_an_older_version_began_takes_back_the_rest():
    people = [a_customer(f"Person {n}", IN) for n in range(3)]
    revert = reverting.begin(an_import(*people), actor=MANAGER, now=at(100))
    db.session.get_one(BatchRun, revert.id).what = {"consent": 1, "profiles": 0}
    while running.go_on(revert.id, at(100)):
        db.session.commit()
    assert [person.status for person in people] == [IN, IN, IN]


def test_a_second_click_is_the_same_revert_and_changes_nothing():
    ana = a_customer(status=IN)
    batch = an_import(ana)
    first = reverted(batch)
    events = ana.events_count
    assert reverted(batch).id == first.id
    assert ana.events_count == events


def test_a_crash_between_two_parts_costs_nothing(monkeypatch):
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    people = [a_customer(f"Person {n}", IN) for n in range(5)]
    revert = reverting.begin(an_import(*people), actor=MANAGER, now=at(100))
    assert running.go_on(revert.id, at(100))
    db.session.commit()
    assert running.go_on(revert.id, at(101))  # killed before the commit
    db.session.rollback()
    assert running.unfinished() == [revert.id]
    reverted(db.session.get(Batch, revert.reverts_id))
    assert {person.status for person in people} == {IN}
    assert running.unfinished() == []
    assert db.session.query(ConsentEvent).filter_by(batch_id=revert.id).count() == 5


def test_verify_finds_a_revert_that_claims_to_have_restored_something_else():
    ana = a_customer()
    reverted(an_import(ana))
    assert whole()
    db.session.commit()  # the check reads in a transaction that may not write
    with guards.lifted():
        db.session.execute(
            text("UPDATE consent_events SET status = 'opted_in' WHERE compensates IS NOT NULL")
        )
    db.session.commit()
    assert "restored" in (ledger_check.first_fault() or "")


@pytest.mark.parametrize("kind", [BatchKind.REVERT, BatchKind.MISSED_STOPS])
def test_what_customers_said_and_a_revert_itself_are_not_taken_back(kind):
    batch = batches.open_batch(kind, "", actor="user:1", now=NOON)
    with pytest.raises(NotRevertible):
        batches.begin_revert(batch, actor=MANAGER, now=at(1))


DEEDS = ["import in", "import out", "agent out", "agent in", "stop", "start", "platform", "resume", "hold",
         "identity", "undo", "revert"]  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(DEEDS), min_size=1, max_size=14))
def test_whatever_happened_the_ledger_folds_to_what_is_shown(app, deeds):
    """And a revert never undoes a stop that the customer said after the import."""
    with app.app_context():
        ana, imports = a_customer(), []
        for n, deed in enumerate(deeds):
            do(deed, ana, imports, 10.0 + n)
            db.session.flush()
            told = state.fold(ledger.history(ana.id))
            assert told == ana.consent, deed
        if "stop" in deeds and not {"start", "agent in", "import in"} & set(deeds):
            assert ana.status == OUT
        assert whole()


def do(deed: str, ana: Customer, imports: list[Batch], second: float) -> None:
    proof = Proof("", "words")
    match deed.split():
        case ["import", which]:
            try:
                imports.append(an_import(ana, status=IN if which == "in" else OUT, second=second))
            except ConsentRefused:
                db.session.rollback()
        case ["agent", which]:
            status = IN if which == "in" else OUT
            with contextlib.suppress(ConsentRefused):
                ledger.record(ana, Statement(status, Source.AGENT, "user:1", at(second), proof=proof))
        case ["stop"]:
            own_stop(ana, second)
        case ["start"]:
            said = Statement(IN, Source.KEYWORD, "customer", at(second), proof=proof)
            ledger.record(ana, said)
        case ["platform"]:
            ledger.record_platform(ana, Turn.STOPPED, Signal(Source.WHATSAPP, "whatsapp", at(second)))
        case ["resume"]:
            ledger.record_platform(ana, Turn.RESUMED, Signal(Source.WHATSAPP, "whatsapp", at(second)))
        case ["hold"]:
            holds.hold(ana, "why", Signal(Source.KEYWORD, "customer", at(second), proof=proof))
        case ["identity"]:
            ledger.record_identity(ana, "number_changed", Signal(Source.WHATSAPP, "whatsapp", at(second)))
        case ["undo"]:
            latest = undoing.undoable(ledger.history(ana.id), "user:1", at(second))
            with contextlib.suppress(NotUndoable):
                undoing.undo(ana, latest or 0, actor="user:1", now=at(second))
        case ["revert"] if imports:
            reverted(imports[-1], second)
