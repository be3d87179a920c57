"""Every way in which marketing is stopped stands in the journal, on disk, before the commit that it tells
of."""

import errno
import os
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event, select

from tests.factories import NOON, a_customer, at
from tests.statements import counted
from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import deliver, everybody, fails, kept, post, prefers, says
from webapp import clock
from webapp.consent import holds, ledger, undoing
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Hold
from webapp.consent.rules import Source, Status
from webapp.customers import identities, merging
from webapp.customers.erasure import suppression_key
from webapp.customers.importing import import_file
from webapp.customers.journal import log
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db

JOE, ANA = "12025550107", "5511987654321"


@pytest.fixture
def journal(app, tmp_path):
    return lambda: log.read(tmp_path / log.FILE).entries


def hashes(app, *match_keys: str) -> set[str]:
    with app.app_context():
        key = suppression_key.read()
        return {suppression_key.hashed(key, each) for each in match_keys}


def said(status: Status, source: Source = Source.AGENT, seconds: float = 0, **more) -> Statement:
    return Statement(status, source, "user:1", at(seconds), proof=Proof("other", "Said so"), **more)


def known(app, status: Status = Status.UNKNOWN, phone: str = f"+{ANA}") -> int:
    with app.app_context(), writing():
        return a_customer("Ana", status, phone).id


def an_agent(app, tmp_path) -> None:
    with app.app_context(), writing():
        ledger.record(db.session.get_one(Customer, known_id(app)), said(Status.OPTED_OUT))
        db.session.commit()


def known_id(app) -> int:
    return db.session.scalars(select(Customer.id)).one()


def a_file(app, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"phone,consent\n+{ANA},opted_out\n+5511987650000,\n")
    with app.app_context():
        import_file(file, actor="system", now=clock.now())


def an_undo(app, tmp_path) -> None:
    with app.app_context(), writing():
        customer = db.session.get_one(Customer, known_id(app))
        made = ledger.record(customer, said(Status.OPTED_IN))
        db.session.commit()
        undoing.undo(customer, made.id, actor="user:1", now=at(1))
        db.session.commit()


def time_that_passes(app, tmp_path) -> None:
    a_word("Stop. Thank you")(app, tmp_path)
    with app.app_context(), writing():
        review = db.session.scalars(select(Hold)).one()
        customer = db.session.get_one(Customer, review.customer_id)
        holds.confirm_stop(customer, review, actor="system", now=clock.now() + timedelta(days=11))
        db.session.commit()


def a_merge(app, tmp_path) -> None:
    """Another record turns out to be Ana, who is opted out: her stop is not new, but whom it covers is."""
    an_agent(app, tmp_path)
    with app.app_context(), writing():
        other = identities.create(user_id="US.1", source="agent", now=NOON)
        db.session.commit()
        ana = db.session.get_one(Customer, known_id_of(ANA))
        merging.merge(ana, other, actor="user:1", now=at(2), why="One")
        db.session.commit()


def known_id_of(digits: str) -> int:
    return identities.find("phone", digits).id


def another_address(app, tmp_path) -> None:
    """No event tells of it: an opted-out customer is known under a user ID, too."""
    an_agent(app, tmp_path)
    with app.app_context(), writing():
        identities.attach(db.session.get_one(Customer, known_id(app)), "user_id", "US.1", "webhook", at(9))
        db.session.commit()


def a_word(text: str):
    return lambda app, tmp_path: deliver(app, says(text, **{"from": ANA}))


def a_tap(app, tmp_path) -> None:
    deliver(app, prefers("stop", wa_id=ANA))


def a_refusal(app, tmp_path) -> None:
    deliver(app, fails(131050, recipient_id=ANA))


WAYS = [
    ("a word", a_word("STOP"), {"opted_out"}),
    ("what may be a stop", a_word("Stop. Thank you"), {"on_hold"}),
    ("WhatsApp's own stop", a_tap, {"platform_stop"}),
    ("a message that WhatsApp refused", a_refusal, {"platform_stop"}),
    ("an agent", an_agent, {"opted_out"}),
    ("a file", a_file, {"opted_out"}),
    ("an opt-in that is taken back", an_undo, {"withdrawn"}),
    ("time that passes over a hold", time_that_passes, {"opted_out"}),
    ("a merge", a_merge, {"opted_out"}),
    ("another address of who is stopped", another_address, {"opted_out"}),
]


@pytest.mark.parametrize(("sentence", "way", "stops"), WAYS, ids=[way[0] for way in WAYS])
def test_each_way_of_stopping_is_told(app, tmp_path, journal, sentence, way, stops):
    known(app)
    way(app, tmp_path)
    added = {"US.1"} if way in (a_merge, another_address) else set()
    with app.app_context():
        customer = identities.find_by_any_phone(f"+{ANA}")
        theirs = {identity.match_key for identity in customer.identities}
        assert added <= theirs
        last = [entry for entry in journal() if entry.customer == customer.id][-1]
        told = last.event or customer.status_event_id
        assert (set(last.stops), last.since) == (stops, customer.created_at)
        assert db.session.get_one(ConsentEvent, told).customer_id == customer.id
    assert set(last.hashes) == hashes(app, *theirs)
    assert ANA.encode() not in (tmp_path / log.FILE).read_bytes()


def test_nothing_is_told_of_what_stops_nobody(app, journal):
    known(app, Status.OPTED_IN)
    deliver(app, says("Hello", **{"from": JOE}), says("START", **{"from": JOE}))
    with app.app_context(), writing():
        identities.attach(identities.find("phone", ANA), "user_id", "US.1", "webhook", NOON)
        db.session.commit()
    assert journal() == []


def test_one_question_and_one_fsync_for_a_delivery_of_many(app, tmp_path, journal, monkeypatch):
    known(app)
    calls, sync = count(), os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (next(calls), sync(handle))[1])
    with app.app_context(), counted(db.engine) as statements:
        deliver(app, *(says("STOP", n, **{"from": str(447_946_000_001 + n)}) for n in range(20)))
    assert len(journal()) == 20
    asked = [each for each in statements if "LEFT OUTER JOIN identities" in each and "created_at" in each]
    assert len(asked) == 1
    assert next(calls) <= 5, "of the journal: the key with its folder, the journal with its folder"
    before = next(calls)
    deliver(app, says("STOP", 99, **{"from": "447946009999"}))
    assert next(calls) - before - 1 == 1


def test_the_journal_is_on_disk_when_the_commit_comes(app, journal):
    known(app)
    seen = []
    with app.app_context():
        event.listen(db.engine, "commit", lambda _connection: seen.append(len(journal())))
    deliver(app, says("STOP", **{"from": ANA}))
    assert seen[0] == 1


@pytest.fixture
def full_disk(monkeypatch):
    """No byte more goes into any journal."""

    def write(_handle, _content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", write)


def test_a_stop_that_cannot_be_told_is_not_stored_and_comes_again(app, client, journal, monkeypatch):
    known(app)
    deliver(app, says("STOP", **{"from": JOE}))
    stop = a_body(says("STOP", 5, **{"from": ANA}))
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _full)
        assert post(client, stop).status_code == 503
    with app.app_context():
        assert [one.status for one in everybody()] == ["unknown", "opted_out"]
        assert len(kept()) == 1
    assert len(journal()) == 1
    assert post(client, stop).status_code == 200
    assert len(journal()) == 2


def _full(_handle, _content):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_an_agent_is_told_that_nothing_was_changed(app, desk, full_disk):
    id = known(app, Status.OPTED_IN)
    answer = desk("agent").send(f"/customers/{id}/consent", status="opted_out", version=2)
    assert answer.status_code == 503
    with app.app_context():
        assert db.session.get_one(Customer, id).status == Status.OPTED_IN


def test_with_a_damaged_key_a_stop_is_told_by_its_record(app, tmp_path, journal):
    id = known(app)
    (tmp_path / suppression_key.FILE).write_text("damaged")
    deliver(app, says("STOP", **{"from": ANA}))
    [entry] = journal()
    assert (entry.customer, entry.hashes, entry.key) == (id, (), "")


def test_a_transaction_tells_only_of_itself(app, journal):
    """A session goes on after a rollback, and after a commit."""
    id = known(app)
    with app.app_context(), writing():
        ledger.record(db.session.get_one(Customer, id), said(Status.OPTED_OUT))
        db.session.rollback()
        db.session.get_one(Customer, id).name = "Ana Souza"
        db.session.commit()
        assert journal() == []
        ledger.record(db.session.get_one(Customer, id), said(Status.OPTED_OUT))
        db.session.commit()
        db.session.get_one(Customer, id).name = "Ana"
        db.session.commit()
    assert len(journal()) == 1
