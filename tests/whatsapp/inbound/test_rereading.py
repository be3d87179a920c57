"""Other words replayed over the messages that came: what would differ, and that nothing is done by it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.whatsapp.posting import deliver, kept, says
from tests.whatsapp.switching import switch
from webapp import clock
from webapp.consent import policy
from webapp.consent.keywords import KeywordSet
from webapp.extensions import db
from webapp.whatsapp.inbound import rereading
from webapp.whatsapp.inbound.rereading import Progress, Rules

TODAY = KeywordSet(("STOP",), ("START",))
TABLES = ("customers", "identities", "consent_events", "evidence", "holds", "inbound_messages", "policy")
TAP = {"type": "button", "button": {"payload": "Parar", "text": "Parar"}}


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


def changed(*opt_out: str, opt_in: tuple[str, ...] = ("START",), progress=None, **how) -> list:
    rules = Rules(policy.words_in_force(policy.current()), KeywordSet(opt_out, opt_in))
    return list(rereading.changes(rules, clock.now(), progress or Progress(), **how))


def told(found) -> list[tuple[str, str, str]]:
    return [(each.text, each.today.decision.value, each.changed.decision.value) for each in found]


def everything() -> dict[str, list]:
    """All rows of what a replay reads or could touch."""
    tables = [db.metadata.tables[name] for name in TABLES]
    rows = {
        t.name: [tuple(row) for row in db.session.execute(select(t).order_by(*t.primary_key))] for t in tables
    }
    db.session.rollback()
    return rows


def test_what_would_be_decided_otherwise_comes_the_newest_first(app):
    deliver(app, says("stop"), says("parar"), says("hello parar", at=1), says("hello"), says("start", at=2))
    assert told(changed("STOP", "PARAR", opt_in=())) == [
        ("start", "opt_in", "none"),
        ("hello parar", "none", "review"),
        ("parar", "none", "opt_out"),
    ]


def test_what_is_missed_today_is_told_apart(app):
    deliver(app, says("parar"), says("stop. thank you"))
    assert [(each.text, each.missed_today) for each in changed("STOP THANK YOU", "PARAR")] == [
        ("stop. thank you", False), ("parar", True),
    ]  # fmt: skip


def test_a_word_that_is_taken_away_shows_who_would_be_missed(app):
    deliver(app, says("stop"))
    assert told(changed("HALT")) == [("stop", "opt_out", "none")]


def test_the_same_words_change_nothing(app):
    deliver(app, says("stop"), says("hello"), says("start"))
    progress = Progress()
    assert changed("STOP", progress=progress) == []
    assert (progress.checked, progress.reached) == (3, None)


def test_buttons_do_not_depend_on_the_words_but_are_checked(app):
    deliver(app, says("", message_id="wamid.B", **TAP))
    progress = Progress()
    assert changed("STOP", "PARAR", progress=progress) == []
    assert progress.checked == 1


def test_while_the_switch_is_off_texts_do_nothing_today(app):
    switch(False)
    deliver(app, says("stop"))
    assert told(changed("STOP")) == [("stop", "none", "opt_out")]


def test_each_message_names_its_customer(app):
    deliver(app, says("parar"))
    [change] = changed("STOP", "PARAR")
    assert change.customer_id == kept()[0].customer_id


def test_nothing_is_applied_by_it(app):
    deliver(app, says("stop"), says("parar", **{"from": "5511955550101"}), says("please parar"))
    before = everything()
    assert changed("PARAR")
    db.session.commit()
    assert everything() == before


def test_messages_of_more_than_ninety_days_ago_are_not_read(app):
    deliver(app, says("parar"), says("parar", at=1))
    kept()[0].received_at = clock.now() - timedelta(days=91)
    db.session.commit()
    assert len(changed("STOP", "PARAR")) == 1


def test_dead_letters_and_other_numbers_are_not_read(app):
    deliver(app, says("parar"), says("parar", at=1))
    dead, foreign = kept()
    dead.failure, foreign.decision = "could not be applied", "not_ours"
    db.session.commit()
    assert changed("STOP", "PARAR") == []


def test_a_replay_ends_after_so_many_and_goes_on_from_there(app, monkeypatch):
    monkeypatch.setattr(rereading, "IDS_AT_ONCE", 2)
    deliver(app, *(says("parar", at=n) for n in range(5)))
    first, second = Progress(), Progress()
    found = changed("PARAR", progress=first, most=2)
    assert (len(found), first.checked) == (2, 2)
    rest = changed("PARAR", progress=second, before=first.reached)
    assert len({change.id for change in [*found, *rest]}) == 5
    assert second.reached is None


def test_a_replay_ends_when_its_time_is_over(app, monkeypatch):
    monkeypatch.setattr(rereading, "IDS_AT_ONCE", 1)
    deliver(app, *(says("parar", at=n) for n in range(3)))
    progress = Progress()
    assert len(changed("PARAR", progress=progress, seconds=0)) < 3
    assert progress.reached


def test_an_empty_desk_has_nothing_to_replay():
    progress = Progress()
    assert changed("PARAR", progress=progress) == []
    assert (progress.checked, progress.reached) == (0, None)
