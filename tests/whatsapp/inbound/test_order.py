"""STOP and START in every order, whenever they arrive: what was said last counts, a tie goes to the stop."""

from itertools import permutations

import pytest

from tests.whatsapp.posting import deliver, fails, only_customer, prefers, says, the_ledger_is_whole
from webapp.consent.rules import Status
from webapp.extensions import db

IN, OUT = Status.OPTED_IN, Status.OPTED_OUT
SAID = [
    ("a stop after a start", [("START", 1), ("STOP", 2)], OUT),
    ("a start after a stop", [("STOP", 1), ("START", 2)], IN),
    ("both in one second", [("STOP", 1), ("START", 1)], OUT),
    ("a change of mind", [("STOP", 1), ("START", 2), ("STOP", 3)], OUT),
    ("two changes of mind", [("START", 1), ("STOP", 2), ("START", 3)], IN),
    ("a tie at the end", [("START", 1), ("STOP", 2), ("START", 2)], OUT),
    ("two starts after a stop", [("STOP", 1), ("START", 2), ("START", 3)], IN),
    ("two stops before a start", [("STOP", 1), ("STOP", 2), ("START", 3)], IN),
    ("a start before both stops", [("START", 1), ("STOP", 2), ("STOP", 3)], OUT),
    ("all in one second", [("START", 1), ("STOP", 1), ("START", 1)], OUT),
]


@pytest.mark.parametrize(("sentence", "said", "expected"), SAID, ids=[row[0] for row in SAID])
def test_what_was_said_last_counts(app, sentence, said, expected):
    """Each order of arrival is told by two persons of its own: one by one, and in one delivery."""
    for number, arrival in enumerate(permutations(said)):
        for change in _told(arrival, number):
            deliver(app, change)
        deliver(app, *_told(arrival, number + 100))
    with app.app_context():
        statuses = db.session.execute(db.text("SELECT DISTINCT status FROM customers")).scalars().all()
        assert statuses == [expected], sentence
        assert the_ledger_is_whole()


def _told(arrival, number):
    sender = {"from": f"1202555{number:04}"}
    return [says(*words, message_id=f"{number}.{place}", **sender) for place, words in enumerate(arrival)]


TAPPED = [
    ("a stop after a resume", [prefers("resume", 1), prefers("stop", 2)], True),
    ("a resume after a stop", [prefers("stop", 1), prefers("resume", 2)], False),
    ("both in one second", [prefers("stop", 1), prefers("resume", 1)], True),
    ("a refused message before a resume", [fails(131050, 1), prefers("resume", 2)], False),
    ("a refused message after a resume", [prefers("resume", 1), fails(131050, 2)], True),
]


@pytest.mark.parametrize("turned", [False, True], ids=["as they were said", "the other way round"])
@pytest.mark.parametrize(("sentence", "taps", "stopped"), TAPPED, ids=[row[0] for row in TAPPED])
def test_whatsapps_own_stop_follows_the_same_order(app, sentence, taps, stopped, turned):
    deliver(app, *(reversed(taps) if turned else taps))
    with app.app_context():
        assert (only_customer().platform_stop_at is not None) == stopped, sentence
        assert the_ledger_is_whole()
