"""Items that could not be applied: nobody's stop is lost meanwhile, and each can be tried again, once."""

from concurrent.futures import ThreadPoolExecutor
from contextvars import Context
from datetime import UTC, datetime
from threading import Barrier

import pytest
from sqlalchemy import event, select

from tests.factories import a_customer
from tests.status.faults import a_dead_stop, poisoned, the_letter
from tests.whatsapp.deliveries import a_change, a_message
from tests.whatsapp.posting import (
    TODAY,
    decisions,
    deliver,
    everybody,
    kept,
    moves,
    only_customer,
    post,
    prefers,
    says,
    state,
    the_ledger_is_whole,
)
from tests.whatsapp.switching import switch
from webapp import clock
from webapp.consent import holds, ledger, policy
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind, Status
from webapp.customers import identities
from webapp.database import writing
from webapp.extensions import db
from webapp.whatsapp.inbound import dead_letters, replay
from webapp.whatsapp.inbound.dead_letters import NotOpen
from webapp.whatsapp.inbound.keeping import Business
from webapp.whatsapp.models import InboundMessage

JOE = "+12025550107"
SAID = datetime.fromtimestamp(TODAY, UTC)


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def tried_again(message, actor: str = "user:1") -> bool:
    words = policy.words_in_force(policy.current())
    worked = replay.replay(message, Business(), words, clock.now(), actor)
    db.session.commit()
    return worked


@pytest.mark.parametrize(
    ("text", "after"), [("STOP", ("opted_in", "held")), ("Hi", ("opted_in",))], ids=["a stop", "chatter"]
)
def test_what_is_tried_again_while_the_keywords_are_off_ends_no_pause_that_it_may_deserve(app, text, after):
    """It may have come while they were on."""
    a_customer("Joe", Status.OPTED_IN, phone=JOE)
    a_dead_stop(app)
    the_letter().raw = the_letter().raw.replace(b"STOP", text.encode())
    db.session.commit()
    switch(False)
    assert tried_again(the_letter())
    assert state(only_customer()) == after
    assert the_ledger_is_whole()


def test_a_stop_that_could_not_be_applied_holds_marketing_until_it_is(app):
    a_customer("Joe", Status.OPTED_IN, phone=JOE)
    a_dead_stop(app)
    assert decisions() == ["dead"]
    assert state(only_customer()) == ("opted_in", "held")
    assert tried_again(the_letter())
    assert decisions() == ["opt_out"]
    joe = only_customer()
    assert state(joe) == ("opted_out",)
    assert (joe.own_opt_out_at, holds.open_count()) == (SAID, 0)
    assert the_ledger_is_whole()


def test_it_holds_whom_it_would_have_made_one_though_that_is_what_cannot_be_done(app):
    a_customer("Joe", Status.OPTED_IN, phone=JOE)
    identities.create(name="Joe", user_id="US.1", source="import", now=clock.now())
    db.session.commit()
    with poisoned(Kind.IDENTITY):
        deliver(app, says("STOP", from_user_id="US.1"))
    assert decisions() == ["dead"]
    assert [state(each)[1:] for each in everybody()] == [("held",), ("held",)]
    assert tried_again(the_letter())
    db.session.rollback()
    assert [state(each) for each in everybody() if not each.merged_into_id] == [("opted_out",)]
    assert the_ledger_is_whole()


def test_a_move_that_could_not_be_applied_holds_who_moved_and_whose_number_it_is(app):
    """A stop said under the old number would have come along."""
    old, new = (a_customer("Joe", Status.OPTED_IN, phone=f"+1202555010{n}") for n in (7, 8))
    with poisoned(Kind.IDENTITY):
        deliver(app, moves("12025550107", "12025550108"))
    db.session.rollback()
    assert [state(each) for each in (old, new)] == [("opted_in", "held")] * 2
    assert tried_again(the_letter())
    assert holds.open_count() == 0


def test_so_does_an_edit_whose_words_nobody_knows(app):
    deliver(app, says("START"))
    with poisoned(Kind.HOLD, times=2):
        edit = {"type": "unsupported", "unsupported": {"type": "edit"}}  # it is tried with others, then alone
        deliver(app, says("", 60, **edit))
    assert (decisions(), state(only_customer())) == (["opt_in", "dead"], ("opted_in", "held"))


def test_a_stop_of_somebody_new_is_put_on_record_as_a_hold(app):
    a_dead_stop(app)
    assert state(only_customer()) == ("unknown", "held")
    assert the_letter().customer_id == only_customer().id


def test_what_it_says_is_applied_with_its_own_times_and_recorded_now(app):
    a_dead_stop(app)
    received_at = the_letter().received_at
    assert tried_again(the_letter())
    [message] = kept()
    assert (message.received_at, message.failure, message.tried_by) == (received_at, None, "user:1")
    opt_out = next(each for each in ledger.history(only_customer().id) if each.kind == Kind.CONSENT)
    assert (opt_out.occurred_at, opt_out.recorded_at > received_at) == (SAID, True)


def test_an_opt_in_of_later_stands_when_an_older_stop_is_applied_at_last(app):
    a_dead_stop(app)
    deliver(app, says("START", at=60))
    tried_again(the_letter())
    assert state(only_customer()) == ("opted_in",)


def test_a_second_failure_keeps_it_with_the_new_reason_and_the_hold(app):
    a_dead_stop(app)
    with poisoned(error=KeyError):
        assert not tried_again(the_letter())
    assert the_letter().failure == "could not be applied: KeyError"
    assert "held" in state(only_customer())


def test_two_who_try_at_once_apply_it_once(app):
    a_dead_stop(app)
    letter = the_letter()
    assert tried_again(letter)
    with pytest.raises(NotOpen):
        tried_again(letter)
    db.session.rollback()
    consents = select(ConsentEvent).where(ConsentEvent.kind == Kind.CONSENT)
    assert len(db.session.scalars(consents).all()) == 1


def test_words_that_go_to_review_are_on_hold_for_the_review_afterwards(app):
    with poisoned(Kind.HOLD):
        deliver(app, says("please stop all of it"))
    assert tried_again(the_letter())
    assert (state(only_customer())[1:], holds.open_count()) == (("held",), 1)


def test_a_failure_of_the_hold_costs_the_neighbours_nothing(app):
    """Joe's stop and the hold for it fail; what stands beside it is applied."""

    def refuse(_mapper: object, _connection: object, written: ConsentEvent) -> None:
        if written.customer_id == joe_id:
            raise ValueError("poisoned")

    joe_id = a_customer("Joe", Status.OPTED_IN, phone=JOE).id
    db.session.rollback()
    event.listen(ConsentEvent, "before_insert", refuse)
    try:
        deliver(app, says("STOP"), says("STOP", message_id="other", **{"from": "12025550108"}))
    finally:
        event.remove(ConsentEvent, "before_insert", refuse)
    assert decisions() == ["dead", "opt_out"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (prefers("stop"), "WhatsApp's own stop"),
        (says("", type="button", button={"text": "Stop promotions", "payload": "OPT_OUT:1"}), "a button"),
    ],
)
def test_other_ways_to_say_stop_hold_too(app, change, sentence):
    with poisoned(Kind.PLATFORM_STOP), poisoned(Kind.CONSENT):
        deliver(app, change)
    assert "held" in state(only_customer()), sentence
    assert tried_again(the_letter())
    assert "held" not in state(only_customer())


def test_a_piece_in_an_unknown_form_holds_somebody_who_is_known_and_makes_nobody_up(app):
    a_customer("Joe", Status.OPTED_IN, phone=JOE)
    broken = a_change(user_preferences=[])
    broken["field"] = "user_preferences"
    broken["value"]["user_preferences"] = [{"wa_id": "12025550107", "value": 7}]
    deliver(app, broken)
    assert state(only_customer()) == ("opted_in", "held")


def test_the_contact_beside_it_is_kept_for_the_next_try(app):
    contacts = [{"wa_id": "12025550107", "user_id": "US.1", "profile": {"name": "Joe Kim"}}]
    with poisoned(), poisoned(Kind.HOLD):
        deliver(app, a_change(messages=[a_message()], contacts=contacts))
    assert tried_again(the_letter())
    joe = only_customer()
    assert joe.name == "Joe Kim"
    assert {identity.value for identity in joe.identities} >= {"12025550107", "US.1"}


def test_an_older_one_without_its_surroundings_is_applied_all_the_same(app):
    a_dead_stop(app)
    the_letter().around = None
    db.session.commit()
    assert tried_again(the_letter())
    assert state(only_customer()) == ("opted_out",)


@pytest.mark.parametrize("field", ["messages", "standby", "history", "account_update", "user_preferences"])
@pytest.mark.parametrize("piece", [7, {}, {"field": 1, "value": 2}, [], {"messages": 1}, {"threads": 1}])
def test_whatever_it_is_trying_again_never_breaks(app, field, piece):
    deliver(app, {"field": field, "value": {field: [piece], "messages": [piece]}})
    for letter in [message for message in kept() if message.failure]:
        assert not tried_again(letter)


def test_a_body_that_is_no_json_can_only_be_put_aside(app):
    assert post(app.test_client(), b"{not json").status_code == 200
    assert not tried_again(the_letter())
    dead_letters.put_aside(the_letter(), "A test of ours", actor="user:1", now=clock.now())
    db.session.commit()
    [message] = kept()
    assert (message.aside_by, message.aside_note, message.failure is not None) == (
        "user:1",
        "A test of ours",
        True,
    )


def test_putting_aside_ends_the_hold(app):
    a_customer("Joe", Status.OPTED_IN, phone=JOE)
    a_dead_stop(app)
    dead_letters.put_aside(the_letter(), "He meant the bus", actor="user:1", now=clock.now())
    db.session.commit()
    assert state(only_customer()) == ("opted_in",)
    with pytest.raises(NotOpen):
        tried_again(the_letter())
    db.session.rollback()


def test_two_people_in_the_same_moment_apply_it_once(app):
    a_dead_stop(app)
    letter_id, together = the_letter().id, Barrier(2)
    db.session.remove()

    def press(actor: str) -> str:
        with app.app_context(), writing():
            together.wait()
            try:
                return str(tried_again(db.session.get_one(InboundMessage, letter_id), actor))
            except NotOpen:
                return "not open"

    with ThreadPoolExecutor(2) as people:
        pressed = [people.submit(Context().run, press, actor) for actor in ("user:1", "user:2")]
        assert sorted(each.result() for each in pressed) == ["True", "not open"]
    consents = select(ConsentEvent).where(ConsentEvent.kind == Kind.CONSENT)
    assert len(db.session.scalars(consents).all()) == 1
