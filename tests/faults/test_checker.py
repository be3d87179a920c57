"""The checker finds each broken promise in a history that breaks it, and nothing in one that keeps them."""

from collections import Counter
from dataclasses import replace

import pytest

from tests.faults import checker
from tests.faults.history import Event, History, Record, Request, Sent, Toggle, Word
from webapp.consent.ledger import external_id

ANN, BO = "5511900000001", "5511900000002"


def a_history() -> History:
    """Ann says STOP after a message was sent to her; an agent switches Bo off; a third word was refused."""
    return History(
        words=[
            Word(10.0, [(10.1, 503), (11.0, 200)], "w1", ANN, "STOP"),
            Word(10.0, [(10.2, 200)], "w2", BO, "where is my parcel"),
            Word(12.0, [(12.1, 503)], "w3", ANN, "STOP"),
        ],
        toggles=[Toggle(20.0, [(20.1, 303)], 2)],
        requests=[Request(9.0, ANN, 1, 101), Request(9.1, BO, 1, 102)],
        answers=Counter({200: 2, 503: 2, 303: 1}),
    )


def a_record() -> Record:
    stop = external_id("message:w1")
    return Record(
        kept=Counter(["message:w1", "message:w2"]),
        owners={ANN: 1, BO: 2},
        statuses={1: "opted_out", 2: "opted_out"},
        events=[
            Event(1, 1, "consent", "opted_in", "import"),
            Event(2, 2, "consent", "opted_in", "import"),
            Event(3, 1, "consent", "opted_out", "keyword", external_id=stop),
            Event(4, 2, "consent", "opted_out", "agent"),
        ],
        sent=[Sent(101, 1, 1, "sent", wamid="a"), Sent(102, 1, 2, "unknown", "lease")],
        campaigns={1: "finished"},
    )


def test_a_history_that_keeps_them_breaks_none():
    assert checker.violations(a_history(), a_record()) == []


def lose_a_word(_history, record):
    del record.kept["message:w2"]


def keep_a_word_twice(_history, record):
    record.kept["message:w1"] = 2


def lose_a_stranger(history, _record):
    history.words.append(Word(10.0, [(10.1, 200)], "w4", "5511900000009", "hello"))


def lose_the_event(_history, record):
    del record.events[2]


def record_a_stop_twice(_history, record):
    record.events.append(replace(record.events[2], id=5))


def lose_a_switch(_history, record):
    del record.events[3]


def send_after_a_stop(history, _record):
    history.requests.append(Request(12.5, ANN, 2, 103))


def send_after_a_switch(history, _record):
    history.requests.append(Request(22.0, BO, 2, 103))


def let_the_auditor_find(_history, record):
    record.audited.append("delivery 101: opted out")


def send_twice(history, _record):
    history.requests.append(Request(9.2, ANN, 1, 101))


def write_two_rows(_history, record):
    record.sent.append(Sent(103, 1, 1, "suppressed"))


def queue_what_was_on_the_wire(_history, record):
    record.sent[1] = replace(record.sent[1], state="queued")


def call_sent_what_never_was(history, _record):
    history.requests.pop(0)


def import_over_a_stop(_history, record):
    record.events.append(Event(5, 1, "consent", "opted_in", "import"))


def opt_in_without_proof(_history, record):
    record.events.append(Event(5, 1, "consent", "opted_in", "agent", evidence=False))


def let_system_opt_in(_history, record):
    record.events.append(Event(5, 1, "consent", "opted_in", "system"))


def start_without_an_opt_in(_history, record):
    record.sent[0] = replace(record.sent[0], gate_status="unknown")


def start_on_hold(_history, record):
    record.sent[0] = replace(record.sent[0], gate_held=True, category=None)


def break_the_ledger(_history, record):
    record.ledger_fault = "event 3 was rewritten"


def leave_the_stopped_in(_history, record):
    record.statuses[1] = "opted_in"


def stop_another_customer(history, record):
    """Bo speaks from a short form of the number, which becomes somebody else."""
    history.words.append(Word(30.0, [(30.1, 200)], "w4", "551100000002", "STOP", person=2))
    record.kept["message:w4"] += 1
    record.events.append(
        Event(6, 3, "consent", "opted_out", "keyword", external_id=external_id("message:w4"))
    )
    record.owners["551100000002"], record.statuses[3], record.statuses[2] = 3, "opted_out", "opted_in"
    history.toggles.clear()


def leave_the_switched_in(_history, record):
    record.statuses[2] = "unknown"


def log_a_number(_history, record):
    record.logs = f"could not send to {ANN}"


def log_words(_history, record):
    record.logs = "cannot read: where is my parcel"


BROKEN = {
    1: (lose_a_word, lose_a_stranger, keep_a_word_twice, lose_the_event, record_a_stop_twice, lose_a_switch),
    2: (send_after_a_stop, send_after_a_switch, let_the_auditor_find),
    3: (send_twice, write_two_rows, queue_what_was_on_the_wire, call_sent_what_never_was),
    4: (import_over_a_stop, opt_in_without_proof, let_system_opt_in),
    5: (start_without_an_opt_in, start_on_hold),
    6: (break_the_ledger,),
    7: (stop_another_customer, leave_the_stopped_in, leave_the_switched_in),
    8: (log_a_number, log_words),
}


@pytest.mark.parametrize(("promise", "spoil"), [(n, each) for n, all in BROKEN.items() for each in all])
def test_a_broken_promise_is_found(promise, spoil):
    history, record = a_history(), a_record()
    spoil(history, record)
    found = checker.violations(history, record)
    assert found
    assert {words.partition(":")[0] for words in found} == {str(promise)}


def test_words_of_a_number_that_left_with_an_erasure_are_not_missed():
    history, record = a_history(), a_record()
    record.owners.pop(BO)
    history.erased.add(BO)
    record.erased.add(2)
    record.kept.pop("message:w2")
    assert checker.violations(history, record) == []


def test_half_done_is_not_recovered():
    history, record = a_history(), a_record()
    record.sent.append(Sent(103, 1, 3, "sending"))
    record.campaigns[2] = "running"
    history.answers[500] += 1
    assert list(checker.unsettled(history, record)) == [
        "w3 was never taken", "delivery 103 is still sending", "campaign 2 is running", "answers were [500]",
    ]  # fmt: skip
