"""Stops that came while the keywords were off: marked, listed, and honoured or left with one decision."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from tests.whatsapp.deliveries import a_change, a_message
from tests.whatsapp.posting import (
    TODAY,
    decisions,
    deliver,
    everybody,
    kept,
    only_customer,
    prefers,
    says,
    state,
    the_ledger_is_whole,
)
from tests.whatsapp.switching import switch
from webapp import clock
from webapp.consent import batches, ledger
from webapp.consent.batches import BatchKind
from webapp.consent.models import ConsentEvent, Evidence, Hold
from webapp.consent.rules import Kind
from webapp.extensions import db
from webapp.settings.housekeeping import sweep_missed
from webapp.whatsapp.inbound import missed
from webapp.whatsapp.inbound.missed import Waiting

OUT, HELD = ("opted_out",), ("unknown", "held")
MARIA = {"from": "5511955550101"}
TAP = {"type": "button", "button": {"payload": "OPT_OUT", "text": "Stop"}}


@pytest.fixture(autouse=True)
def switched_off(app):
    """Each test begins with the switch off, and ends with a whole ledger."""
    with app.app_context():
        switch(False)
        yield
        assert the_ledger_is_whole()


def marks() -> list[str | None]:
    db.session.expire_all()
    return [message.missed for message in kept()]


def on_again(**words) -> None:
    switch(True, **words)
    missed.sift()
    db.session.commit()


def honoured() -> Waiting:
    found = missed.honour(actor="user:1", now=clock.now())
    while missed.record_some(clock.now()):
        pass
    db.session.commit()
    return found


def policy_log() -> list[dict]:
    query = select(Evidence.words).join(ConsentEvent).where(ConsentEvent.kind == Kind.POLICY)
    return [json.loads(words) for words in db.session.scalars(query.order_by(ConsentEvent.id))]


def test_texts_are_marked_when_they_come_and_change_nothing(app):
    deliver(app, says("stop"), says("hello"))
    assert marks() == ["off", "off"]
    assert state(only_customer()) == ("unknown",)


def test_buttons_and_whatsapps_own_stop_count_while_it_is_off_and_are_not_missed(app):
    deliver(app, says("", message_id="wamid.B", **TAP), prefers("stop"))
    assert marks() == [None, None]
    assert state(only_customer()) == ("opted_out", "stopped")


def test_nothing_is_marked_while_it_is_on(app):
    switch(True)
    deliver(app, says("stop"), says("hello"))
    assert marks() == [None, None]


def test_on_again_the_missed_stops_are_counted_and_chatter_is_forgotten(app):
    deliver(app, says("stop"), says("STOP", at=9), says("hello"), says("Stop. Thank you", **MARIA))
    on_again()
    assert marks() == ["opt_out", "opt_out", None, "review"]
    assert missed.waiting() == Waiting(opt_outs=2, opted_out_customers=1, reviews=1)
    assert [state(customer) for customer in everybody()] == [("unknown",), ("unknown",)]


def test_an_opt_in_word_alone_is_no_missed_stop(app):
    deliver(app, says("start"))
    on_again()
    assert marks() == [None]
    assert missed.waiting().stops == 0


def test_the_words_of_a_pack_count(app):
    deliver(app, says("abmelden"))
    on_again(packs=("de",))
    assert missed.waiting().opt_outs == 1


def test_forwarded_words_are_somebody_elses(app):
    deliver(app, says("stop", context={"forwarded": True}))
    on_again()
    assert missed.waiting().stops == 0


def test_honoured_the_opt_out_has_the_customers_words_time_and_message(app):
    deliver(app, says("stop", at=5, message_id="wamid.S"))
    on_again()
    honoured()
    customer = only_customer()
    [event] = ledger.history(customer.id)
    evidence = db.session.get(Evidence, event.id)
    assert (state(customer), event.source, event.actor, event.status) == (
        OUT, "keyword", "customer", "opted_out",
    )  # fmt: skip
    assert event.occurred_at == datetime.fromtimestamp(TODAY + 5, UTC)
    assert event.external_id == ledger.external_id("message:wamid.S")
    assert (evidence.words, evidence.matched, evidence.message_id) == ("stop", "STOP", "wamid.S")
    assert event.identity_id
    assert [(m.decision, m.missed) for m in kept()] == [("opt_out", None)]


def test_honoured_they_are_one_batch_of_whoever_decided(app):
    deliver(app, says("stop"), says("stop", message_id="wamid.2", **{"from": "5511955550101"}))
    on_again()
    honoured()
    batch = batches.newest(BatchKind.MISSED_STOPS)
    events = db.session.scalars(select(ConsentEvent).where(ConsentEvent.kind == Kind.CONSENT)).all()
    assert [event.batch_id for event in events] == [batch.id, batch.id]
    assert [event.actor for event in events] == ["customer", "customer"]
    assert batch.actor.startswith("user:")


def test_honoured_what_is_unclear_is_held_for_review(app):
    deliver(app, says("Stop. Thank you"))
    on_again()
    honoured()
    assert state(only_customer()) == HELD
    assert [hold.words for hold in db.session.scalars(select(Hold))] == ["Stop. Thank you"]


def test_a_stop_in_the_history_is_held_and_its_sender_becomes_a_customer(app):
    past = a_message(id="wamid.H", timestamp=str(TODAY))
    threads = [{"id": "12025550107", "messages": [past]}]
    deliver(app, a_change("history", history=[{"metadata": {"phase": 0}, "threads": threads}]))
    assert everybody() == []
    on_again()
    assert missed.waiting() == Waiting(0, 0, 1)
    honoured()
    assert state(only_customer()) == HELD


def test_honouring_twice_changes_nothing_more(app):
    deliver(app, says("stop"))
    on_again()
    honoured()
    assert honoured().stops == 0
    assert len(ledger.history(only_customer().id)) == 1


def test_a_repeated_delivery_after_it_was_honoured_changes_nothing(app):
    deliver(app, says("stop"))
    on_again()
    honoured()
    deliver(app, says("stop"))
    assert len(ledger.history(only_customer().id)) == 1


def test_a_start_written_later_with_the_switch_on_stands(app):
    deliver(app, says("stop"))
    on_again()
    deliver(app, says("start", at=60))
    honoured()
    assert state(only_customer()) == ("opted_in",)


def test_a_start_written_later_while_it_was_off_stands(app):
    deliver(app, says("stop"), says("start", at=60))
    on_again()
    honoured()
    assert state(only_customer()) == ("opted_in",)
    assert marks() == [None, None]


def test_a_stop_written_after_a_start_wins_whatever_came_first(app):
    deliver(app, says("stop", at=60), says("start"))
    on_again()
    honoured()
    assert state(only_customer()) == OUT


def test_left_alone_nothing_changes_and_the_reason_stays_in_the_policy_log(app):
    deliver(app, says("stop"), says("start", at=60), says("please stop", at=70))
    on_again()
    missed.leave("a test of the phone", listed=2, actor="user:1", now=clock.now())
    db.session.commit()
    assert (state(only_customer()), marks()) == (("unknown",), [None, None, None])
    assert policy_log()[-1] == {
        "before": {"missed_stops": {"opt_outs": 1, "customers": 1, "reviews": 1}},
        "after": {"missed_stops": {"decision": "left", "reason": "a test of the phone"}},
    }


def test_honouring_is_logged_with_what_was_decided_and_by_whom(app):
    deliver(app, says("stop"))
    on_again()
    honoured()
    assert policy_log()[-1]["after"] == {"missed_stops": {"decision": "honoured"}}
    last = select(ConsentEvent).where(ConsentEvent.kind == Kind.POLICY).order_by(ConsentEvent.id.desc())
    assert db.session.scalars(last).first().actor == "user:1"


def test_deciding_when_nothing_waits_logs_nothing(app):
    on_again()
    before = len(policy_log())
    missed.leave("why not", listed=0, actor="user:1", now=clock.now())
    honoured()
    assert len(policy_log()) == before


def test_a_word_that_is_taken_away_before_it_is_honoured_still_counts(app):
    deliver(app, says("halt"))
    on_again(opt_out=("STOP", "HALT"))
    switch(True)
    honoured()
    assert state(only_customer()) == OUT


def test_many_are_sifted_and_recorded_in_batches(app):
    deliver(app, *(says("stop", at=n, **{"from": f"1202555{n:04}"}) for n in range(7)))
    switch(True)
    assert [missed.sift(3), missed.sift(3), missed.sift(3), missed.sift(3)] == [3, 3, 1, 0]
    missed.honour(actor="user:1", now=clock.now())
    assert [missed.record_some(clock.now(), 4) for _ in range(3)] == [4, 3, 0]
    db.session.commit()
    assert {state(customer) for customer in everybody()} == {OUT}


def test_the_worker_reads_and_records_what_a_request_left(app):
    deliver(app, says("stop"), says("hello"))
    switch(True)
    db.session.remove()
    sweep_missed(app)
    assert marks() == ["opt_out", None]
    missed.honour(actor="user:1", now=clock.now())
    db.session.commit()
    db.session.remove()
    sweep_missed(app)
    assert state(only_customer()) == OUT


def test_while_it_is_off_the_worker_reads_nothing(app):
    deliver(app, says("stop"))
    sweep_missed(app)
    assert marks() == ["off"]


def test_a_recorded_time_is_now_and_not_the_time_of_the_words(app):
    deliver(app, says("stop"))
    on_again()
    honoured()
    [event] = ledger.history(only_customer().id)
    assert clock.now() - event.recorded_at < timedelta(minutes=1)


@pytest.mark.parametrize("fault", [ValueError, RecursionError])
def test_one_that_cannot_be_recorded_is_a_dead_letter_with_a_hold_and_costs_the_others_nothing(app, fault):
    deliver(app, says("stop"), says("stop", 1, message_id="other", **{"from": "12025550108"}))
    on_again()
    spoiled = []

    def spoil(_mapper, _connection, written):
        if written.kind == Kind.CONSENT and not spoiled:
            spoiled.append(written)
            raise fault("poisoned")

    event.listen(ConsentEvent, "before_insert", spoil)
    try:
        honoured()
    finally:
        event.remove(ConsentEvent, "before_insert", spoil)
    assert sorted(map(state, everybody())) == [OUT, ("unknown", "held")]
    assert decisions() == ["dead", "opt_out"]
