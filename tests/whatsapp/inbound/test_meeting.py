"""One message shows an address of one customer and an address of another, and both have more: they may be one
person, or the number went to somebody else. Until people decide, a stop of either is a stop of both."""

import pytest

from tests.factories import NOON, a_customer
from tests.whatsapp.posting import deliver, everybody, moves, prefers, says, state
from webapp.consent import holds, ledger
from webapp.consent.models import Evidence, Hold
from webapp.consent.rules import Status
from webapp.customers import duplicates, identities
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.inbound.senders import MET

pytestmark = pytest.mark.usefixtures("in_whole_ledger")

IN, OUT, UNKNOWN = Status.OPTED_IN, Status.OPTED_OUT, Status.UNKNOWN
NUMBER, VARIANT, SOMEBODY = "5511988124410", "551188124410", "12025550107"
BY_ID = {"from": None, "from_user_id": "BR.1"}
BOTH = {"from": NUMBER, "from_user_id": "BR.1"}


@pytest.fixture
def ana():
    """Known by a user id and a number."""
    ana = identities.create(name="Ana", user_id="BR.1", phone="+44 7946 000001", source="import", now=NOON)
    db.session.commit()
    return ana


@pytest.fixture
def bo():
    """Known by the number that the user id will come with."""
    return a_customer("Bo", IN, f"+{NUMBER}")


def states() -> list[tuple[str, ...]]:
    db.session.rollback()
    return [state(each) for each in everybody()]


STOPS = {
    "a stop": (says("STOP", 1, **BY_ID), (OUT,), (OUT,)),
    "WhatsApp's own": (
        prefers("stop", 1, wa_id=None, user_id="BR.1"), (UNKNOWN, "stopped"), (IN, "stopped", "held"),
    ),
    "what may be one": (says("please stop it", 1, **BY_ID), (UNKNOWN, "held"), (IN, "held")),
}  # fmt: skip


@pytest.mark.parametrize("what", STOPS)
@pytest.mark.parametrize("number", [NUMBER, VARIANT])
def test_what_stopped_one_before_stops_the_other(app, ana, bo, what, number):
    change, hers, his = STOPS[what]
    deliver(app, change, says("Hi", 60, **{**BOTH, "from": number}))
    assert states() == [hers, his]


def test_the_stop_of_whose_number_it_is_counts_for_the_other_one_too(app, ana, bo):
    deliver(app, says("START", 1, **BY_ID), says("STOP", 2, **{"from": NUMBER}), says("Hi", 60, **BOTH))
    assert states() == [(OUT,), (OUT,)]


def test_the_entry_says_how_the_stop_came_to_be_known(app, ana, bo):
    deliver(app, says("STOP", 1, **BY_ID), says("Hi", 60, **BOTH))
    [*_, shared] = ledger.history(bo.id)
    evidence = db.session.get_one(Evidence, shared.id)
    assert (shared.source, shared.actor) == ("system", "system")
    assert (evidence.channel, evidence.words) == ("whatsapp", MET)


def test_only_of_whose_number_it_is_somebody_is_asked_whether_it_is_the_same_person(app, ana, bo):
    deliver(app, says("START", 1, **BY_ID), says("Hi", 60, **BOTH))
    assert states() == [(IN,), (IN, "held")]


def test_an_own_opt_in_that_is_newer_than_the_stop_stands(app, ana, bo):
    deliver(app, says("STOP", 1, **BY_ID), says("START", 2, **{"from": NUMBER}), says("Hi", 60, **BOTH))
    assert states() == [(OUT,), (IN, "held")]


def test_a_stop_that_only_repeats_one_of_before_counts_from_when_it_was_said(app, ana, bo):
    deliver(app, says("STOP", 1, **BY_ID), says("START", 2, **{"from": NUMBER}))
    deliver(app, says("STOP", 3, **BY_ID), says("Hi", 60, **BOTH))
    assert states() == [(OUT,), (OUT,)]


def test_it_is_shared_once_so_that_who_opts_in_later_is_not_stopped_anew(app, ana, bo):
    deliver(app, says("STOP", 1, **{"from": NUMBER}), says("Hi", 60, **BOTH), says("START", 70, **BY_ID))
    deliver(app, says("Hi", 80, **BOTH))
    assert states() == [(IN,), (OUT,)]


def test_somebody_is_asked_once_whether_the_number_went_to_another_person(app, ana, bo):
    identities.attach(bo, "wa_id", NUMBER, "whatsapp", NOON)  # so that it stays his
    db.session.commit()
    deliver(app, says("Hi", 60, **BOTH))
    assert states() == [(UNKNOWN,), (IN, "held")]
    [review] = db.session.query(Hold)
    holds.release(
        db.session.get_one(Customer, review.customer_id), review, actor="user:1", now=review.recorded_at
    )
    db.session.commit()
    deliver(app, says("Hi", 120, **BOTH))
    assert states() == [(UNKNOWN,), (IN,)]


def test_all_writings_of_the_number_are_meant(app, ana, bo):
    identities.create(wa_id=VARIANT, source="whatsapp", now=NOON)
    db.session.commit()
    deliver(app, says("STOP", 1, **BY_ID), says("Hi", 60, **BOTH))
    assert states() == [(OUT,), (OUT,), (OUT,)]
    assert len(duplicates.pairs()) == 3


def test_the_id_that_linked_portfolios_share_shows_it_as_well(app, bo):
    ana = identities.create(user_id="BR.1", parent_user_id="BR.ENT.1", source="import", now=NOON)
    db.session.commit()
    deliver(app, says("STOP", 1, **BY_ID))
    deliver(app, says("Hi", 60, **{**BOTH, "from_user_id": "BR.2", "from_parent_user_id": "BR.ENT.1"}))
    assert states() == [(OUT,), (OUT,)]
    assert [(pair.older.id, pair.newer.id) for pair in duplicates.pairs()] == [(bo.id, ana.id)]


def test_two_ids_of_one_message_show_it_without_any_number(app):
    for ids in ({"user_id": "BR.1"}, {"parent_user_id": "BR.ENT.1"}):
        identities.create(**ids, source="import", now=NOON)
    db.session.commit()
    deliver(app, says("STOP", 1, **BY_ID, from_parent_user_id="BR.ENT.1"))
    assert states() == [(OUT,), (OUT,)]
    assert len(duplicates.pairs()) == 1


def test_whoever_joins_those_who_met_before_shares_what_stops_them(app, ana, bo):
    identities.attach(bo, "wa_id", NUMBER, "whatsapp", NOON)  # so that it stays his
    db.session.commit()
    deliver(app, says("Hi", 1, **BOTH), says("STOP", 2, **BY_ID))
    assert states() == [(OUT,), (IN, "held")]
    identities.create(wa_id=VARIANT, source="whatsapp", now=NOON)
    db.session.commit()
    deliver(app, says("Hi", 60, **BOTH))
    assert states() == [(OUT, "held")] * 3


@pytest.mark.parametrize(
    ("before", "move"),
    [
        ([says("STOP", 1, **{"from": SOMEBODY})], moves(SOMEBODY, NUMBER, 60, user_id="BR.1")),
        (
            [says("Hi", 1, **BOTH), says("STOP", 2, **BY_ID)],
            moves(NUMBER, SOMEBODY, 60, previous_user_id="BR.1"),
        ),
    ],
    ids=["to", "from"],
)
def test_who_moves_to_or_from_addresses_of_two_customers_stops_both(app, ana, bo, before, move):
    identities.attach(bo, "wa_id", NUMBER, "whatsapp", NOON)  # so that it stays his
    db.session.commit()
    deliver(app, *before)
    assert states()[1][0] == IN
    deliver(app, move)
    assert [each[0] for each in states()[:2]] == [OUT, OUT]
