"""A number and a user id in one message: two customers become one, unless a stranger may have the number."""

import pytest

from tests.factories import NOON, a_customer
from tests.whatsapp.posting import decisions, deliver, everybody, kept, prefers, says, state
from webapp.consent import ledger
from webapp.consent.models import Evidence
from webapp.consent.rules import Status
from webapp.customers import identities
from webapp.customers.duplicates import PossibleDuplicate
from webapp.extensions import db
from webapp.whatsapp.inbound.senders import MET

pytestmark = pytest.mark.usefixtures("in_whole_ledger")

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
A, B, VARIANT, FULL = "12025550107", "12025550188", "551188124410", "5511988124410"
HELLO = says("Hello", **{"from": A, "from_user_id": "US.1"})


@pytest.fixture
def database_url(sqlite_url):
    """Who meets whom is decided in Python; that two become one is tested on both in `test_merging`."""
    return sqlite_url


def known(**ids):
    customer = identities.create(source="whatsapp", now=NOON, **ids)
    db.session.commit()
    return customer


def noted() -> list[tuple[int, int, str]]:
    return [(pair.older_id, pair.newer_id, pair.why) for pair in db.session.query(PossibleDuplicate)]


@pytest.mark.parametrize("number", ["phone", "wa_id"])
@pytest.mark.parametrize("stopped", [0, 1])
def test_they_are_one_and_a_stop_of_either_stays(app, number, stopped):
    one, other = known(**{number: A}), known(user_id="US.1")
    stop = [says("STOP", **{"from": A}), says("STOP", **{"from": None, "from_user_id": "US.1"})][stopped]
    deliver(app, stop, HELLO)
    db.session.expire_all()
    assert (other.merged_into_id, other.identities, state(one)) == (one.id, [], (OUT,))
    assert {"wa_id", "user_id"} <= {each.kind for each in one.identities}
    assert noted() == []


def test_an_opt_in_of_the_one_who_stays_goes_on_and_nobody_is_asked(app):
    one, _ = known(wa_id=A), known(user_id="US.1")
    deliver(app, says("START", -60, **{"from": A}), HELLO)
    deliver(app, HELLO)
    db.session.expire_all()
    assert state(one) == (IN,)


def test_it_says_who_did_it_and_why(app):
    one, _ = known(wa_id=A), known(user_id="US.1")
    deliver(app, HELLO)
    [event] = ledger.history(one.id)
    assert (event.kind, event.actor, event.source) == ("identity", "system", "system")
    assert db.session.get_one(Evidence, event.id).words == MET


STRANGERS = {
    "the number has another user id": ({"wa_id": A, "user_id": "US.9"}, {"user_id": "US.1"}),
    "the user id has another number": ({"wa_id": A}, {"user_id": "US.1", "wa_id": B}),
    "also when that is known from a list": ({"wa_id": A}, {"user_id": "US.1", "phone": f"+{B}"}),
}


@pytest.mark.parametrize("who", STRANGERS)
def test_who_may_be_a_stranger_is_put_before_people_and_gets_no_opt_in(app, who):
    one, other = (known(**ids) for ids in STRANGERS[who])
    deliver(app, says("START", **{"from": None, "from_user_id": "US.1"}), HELLO)
    db.session.expire_all()
    assert noted() == [(one.id, other.id, MET)]
    assert [each.merged_into_id for each in everybody()] == [None, None]
    assert one.status == UNKNOWN


TWO = [{"wa_id": VARIANT}, {"wa_id": FULL}]
MORE = {
    "a number in two writings": (TWO, None, set()),
    "with a user id that is new": (TWO, "BR.1", set()),
    "with the user id of a third": ([*TWO, {"user_id": "BR.1"}], "BR.1", {(1, 3), (2, 3)}),
    "with the user id of one of the two": ([TWO[0] | {"user_id": "BR.1"}, TWO[1]], "BR.1", set()),
}


@pytest.mark.parametrize("who", MORE)
def test_where_the_number_may_be_two_customers_nobody_becomes_one(app, who):
    people, user_id, asked = MORE[who]
    for ids in people:
        known(**ids)
    deliver(app, says("STOP", **{"from": FULL, "from_user_id": user_id}))
    assert [each.merged_into_id for each in everybody()] == [None] * len(people)
    assert {pair[:2] for pair in noted()} == asked
    assert decisions() == ["opt_out"]
    assert [state(each) for each in everybody()] == [(OUT,)] * len(people)


def test_a_stop_under_a_user_id_reaches_whoever_has_a_number_of_theirs_in_another_writing(app):
    known(wa_id=FULL, user_id="BR.1")
    known(wa_id=VARIANT)
    deliver(app, says("STOP", **{"from": None, "from_user_id": "BR.1"}), HELLO)
    assert [state(each) for each in everybody()] == [(OUT,), (OUT,), (UNKNOWN,)]


def test_the_entry_names_the_address_that_spoke_and_none_where_it_is_another_customers(app):
    one, other = known(wa_id=FULL, user_id="BR.1"), known(wa_id=VARIANT)
    deliver(app, says("STOP", **{"from": None, "from_user_id": "BR.1"}))
    [hers], [his] = ledger.history(one.id), ledger.history(other.id)
    assert (hers.identity_id, his.identity_id) == (one.identities[1].id, None)


def test_what_one_of_them_lifted_is_not_shared_anew_when_they_write_again(app):
    one, _ = known(wa_id=FULL, user_id="BR.1"), known(wa_id=VARIANT)
    deliver(app, prefers("stop", wa_id=VARIANT), prefers("resume", 60, wa_id=None, user_id="BR.1"))
    deliver(app, says("Hi", 90, **{"from": None, "from_user_id": "BR.1"}))
    assert [state(each) for each in everybody()] == [(UNKNOWN,), (UNKNOWN, "stopped")]
    assert [event.status for event in ledger.history(one.id)] == ["stopped", "resumed"]


def test_what_the_message_tells_of_whoever_may_be_two_is_learned(app):
    a_customer("", phone=f"+{VARIANT}")
    known(wa_id=FULL)
    change = says("Hello", **{"from": FULL, "from_user_id": "BR.1"})
    change["value"]["contacts"] = [{"wa_id": FULL, "user_id": "BR.1", "profile": {"name": "Bia"}}]
    deliver(app, change)
    assert identities.find("user_id", "BR.1").name == "Bia"


def test_a_voice_in_a_group_is_that_of_who_was_found(app):
    known(wa_id=VARIANT)
    exact = known(wa_id=FULL)
    deliver(app, says("Hello", group_id="G1", **{"from": FULL}))
    assert kept()[0].customer_id == exact.id


def test_whoever_writes_can_be_reached_and_open_tables_see_it(app):
    one = known(wa_id=A)
    one.unreachable_at, before = NOON, one.version
    db.session.commit()
    deliver(app, HELLO)
    db.session.refresh(one)
    assert (one.unreachable_at, one.version > before) == (None, True)
