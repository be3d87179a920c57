"""Sealing: every event once, in portions, whoever commits late, and with the key outside the database."""

import base64
import stat
import threading
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import current_app
from flask.cli import ScriptInfo
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from tests.consent.sealing.sealed import fault, rewrite, seal, stop, three_seals
from tests.factories import NOON, a_customer, at
from tests.listener import Listener
from webapp import create_app, tasks
from webapp.config import ConfigError
from webapp.consent import ledger_check
from webapp.consent.commands import ledger_group
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind, Status
from webapp.consent.sealing import housekeeping, keys, leaves, notes, publishing, sealer, tree, verification
from webapp.consent.sealing.inclusion import inclusion
from webapp.consent.sealing.models import Seal, SealedEvent
from webapp.extensions import db


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


@pytest.fixture
def folder():
    return current_app.config["HEED"].data_dir


def sizes() -> list[int]:
    return list(db.session.scalars(select(Seal.size).order_by(Seal.number)))


def order() -> list[int]:
    return list(db.session.scalars(select(SealedEvent.event_id).order_by(SealedEvent.position)))


def an_event(id: int, recorded_at) -> None:
    """A change of policy, which belongs to no customer."""
    db.session.add(
        ConsentEvent(id=id, kind=Kind.POLICY, source="agent", actor="user:1", effect="changed", reason="",
                     occurred_at=recorded_at, recorded_at=recorded_at)
    )  # fmt: skip
    db.session.commit()


def test_every_event_gets_one_place_in_the_order_of_its_id():
    three_seals()
    assert sizes() == [4, 8, 10]
    assert order() == list(range(1, 11))
    assert sealer.waiting(at(260)) == (1, at(200))


def test_nothing_waits_nothing_is_sealed():
    seal()
    assert (sizes(), sealer.waiting(at(60))) == ([], (0, None))
    three_seals()
    seal(400)
    seal(500)
    assert sizes() == [4, 8, 10, 11]


def test_a_backlog_is_sealed_in_portions(monkeypatch):
    monkeypatch.setattr(sealer, "PORTION", 3)
    for number in range(1, 9):
        an_event(number, NOON - timedelta(days=400 - number))
    seal()
    assert sizes() == [3, 6, 8]
    assert fault() is None


def test_an_event_with_a_lower_id_that_was_committed_late_is_not_missed():
    an_event(5, at(1))
    an_event(9, at(2))
    seal(60)
    an_event(7, at(3))
    an_event(10, at(61))
    seal(120)
    assert order() == [5, 9, 7, 10]
    assert fault() is None


def test_it_is_not_missed_either_when_it_comes_amid_a_backlog(monkeypatch):
    monkeypatch.setattr(sealer, "PORTION", 2)
    for number in (5, 9):
        an_event(number, at(number))
    seal(60)
    an_event(7, at(3))
    seal(120)
    assert order() == [5, 9, 7]


def test_the_look_back_for_late_ones_is_short_and_long_enough():
    an_event(5, at(0))
    seal(60)
    for hour in range(1, 6):
        an_event(10 * hour, at(3600 * hour))
        seal(3600 * hour + 60)
    an_event(35, at(3600 * 4 + 61))
    seal(3600 * 5 + 120)
    assert order()[-2:] == [50, 35]
    compiled = [str(each) for each in sealer._unsealed(at(3600 * 5 + 180))]
    assert any("consent_events.id >" in each for each in compiled)


def test_a_seal_by_a_clock_that_was_a_day_ahead_leaves_out_nothing_that_comes_later():
    an_event(5, at(0))
    seal(86_400)
    an_event(6, at(60))
    db.session.commit()
    anchors = housekeeping.anchors(current_app.config["HEED"])
    assert verification.run(verification.COMMAND, anchors, at(90)).fault is None
    seal(120)
    assert order() == [5, 6]
    assert fault() is None


def test_what_says_that_it_is_older_than_a_seal_is_never_sealed():
    three_seals()
    an_event(99, at(60) - timedelta(hours=1, seconds=1) + timedelta(minutes=2))
    seal(300)
    assert 99 not in order()
    assert "Event 99 says" in fault()


def test_a_sealer_that_was_too_slow_writes_nothing():
    three_seals()
    key = keys.signing_key(current_app.config["HEED"])
    reads = sealer._waiting

    def while_another_seals(now):
        found = reads(now)
        sealer._waiting = reads
        db.session.rollback()
        assert sealer.seal(key, at(300)) is not None
        return found

    sealer._waiting = while_another_seals
    try:
        assert sealer.seal(key, at(301)) is None
    finally:
        sealer._waiting = reads
    assert sizes() == [4, 8, 10, 11]


@pytest.mark.parametrize("table", ["sealed_events", "seals", "forgotten_evidence"])
@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "INSERT INTO {0} SELECT * FROM {0}"]
)
def test_the_database_refuses_to_rewrite_seals(table, statement):
    three_seals()
    db.session.execute(text("INSERT INTO forgotten_evidence VALUES (1, '2026-11-20 12:00:00', 'retention')"))
    db.session.commit()
    column = {"sealed_events": "position", "seals": "number", "forgotten_evidence": "event_id"}[table]
    with pytest.raises(DatabaseError):
        db.session.execute(text(statement.format(table, column)))


class TestKey:
    def test_the_first_sealing_makes_a_file_that_only_its_owner_reads(self, folder):
        assert keys.public_key(current_app.config["HEED"]) is None
        three_seals()
        assert stat.S_IMODE((folder / "signing.key").stat().st_mode) == 0o600
        assert [file.name for file in folder.glob("signing.key*")] == ["signing.key"]

    def test_two_that_make_one_at_once_share_it(self, folder):
        made, start = [], threading.Barrier(8)

        def make():
            start.wait()
            made.append(keys._make(folder))

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(set(made)) == 1

    @pytest.mark.parametrize("content", ["", "short", "a" * 44, "ключ"])
    def test_a_file_that_holds_no_key_is_named_and_not_replaced(self, folder, content, caplog):
        (folder / "signing.key").write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"signing\.key"):
            three_seals()
        housekeeping.seal_ledger(current_app._get_current_object())
        assert "signing.key" in caplog.text
        assert (folder / "signing.key").read_text(encoding="utf-8") == content

    def test_the_environment_goes_first(self, database_url, tmp_path):
        raw = base64.b64encode(b"k" * 32).decode()
        app = create_app(
            {"DATABASE_URL": database_url, "HEED_DATA_DIR": tmp_path, "HEED_SIGNING_KEY": raw}, web=False
        )
        with app.app_context():
            three_seals()
            assert not (tmp_path / "signing.key").exists()
            ended = CliRunner().invoke(ledger_group, ["key"])
            db.session.remove()
            db.engine.dispose()
        public = notes.public_bytes(keys.signing_key(app.config["HEED"]))
        assert ended.stdout == base64.b64encode(public).decode() + "\n"

    def test_the_command_says_that_there_is_none_yet(self, app):
        ended = CliRunner().invoke(ledger_group, ["key"], obj=ScriptInfo(create_app=lambda: app))
        assert (ended.exit_code, ended.stdout) == (1, "")


class TestCheckpointsFile:
    def test_it_holds_one_note_for_each_seal(self, folder):
        three_seals()
        assert self.told(folder) == [4, 8, 10]

    def test_what_a_crash_kept_from_being_written_is_written_next_time(self, folder):
        three_seals()
        whole = (folder / "checkpoints.log").read_bytes()
        for cut in (1, 40, len(whole) // 2, len(whole) - 1, len(whole)):
            (folder / "checkpoints.log").write_bytes(whole[:-cut])
            publishing.write_down(folder)
            assert (folder / "checkpoints.log").read_bytes() == whole

    def test_a_file_that_ends_in_something_else_is_left_as_it_is(self, folder, caplog):
        three_seals()
        file = folder / "checkpoints.log"
        bent = file.read_text(encoding="utf-8").replace("12:03:00", "12:03:01")
        file.write_text(bent, encoding="utf-8")
        housekeeping.seal_ledger(current_app._get_current_object())
        assert "The signature is wrong" in caplog.text
        assert file.read_text(encoding="utf-8") == bent

    def test_the_log_tells_of_the_newest_and_of_nobody(self, caplog):
        caplog.set_level("INFO")
        three_seals()
        (*_, line) = [r.getMessage() for r in caplog.records if r.getMessage().startswith("checkpoint: ")]
        assert " | 10 | " in line
        assert "\n" not in line

    def told(self, folder) -> list[int]:
        with (folder / "checkpoints.log").open(encoding="utf-8") as lines:
            return [notes.read(note).size for note in notes.notes_in(lines)]


@pytest.fixture
def listener(request):
    listener = Listener(getattr(request, "param", 204))
    yield listener
    listener.close()


class TestPosting:
    def test_a_checkpoint_is_handed_over_as_it_was_signed(self, listener):
        three_seals()
        note = db.session.scalars(select(Seal.checkpoint).where(Seal.number == 3)).one()
        assert publishing.post(f"{listener.url}in?a=b", note)
        assert listener.bodies == [note]

    @pytest.mark.parametrize("listener", [302, 404, 500], indirect=True)
    def test_a_refusal_is_logged_once_and_followed_nowhere(self, listener, caplog):
        assert not publishing.post(listener.url, "note")
        assert "the checkpoint was not taken" in caplog.text
        assert len(listener.bodies) == 1

    def test_a_deaf_address_keeps_no_event_from_being_sealed(self, database_url, tmp_path, caplog):
        url = "http://127.0.0.1:9/"
        app = create_app(
            {"DATABASE_URL": database_url, "HEED_DATA_DIR": tmp_path, "HEED_CHECKPOINT_URL": url}, web=False
        )
        a_customer("Ana", Status.OPTED_IN)
        with app.app_context():
            housekeeping.seal_all(app.config["HEED"])
            assert "ConnectionRefusedError" in caplog.text
            assert db.session.scalar(select(func.count()).select_from(SealedEvent)) == 1
            db.session.remove()
            db.engine.dispose()


def test_a_proof_leads_from_an_event_to_the_signed_checkpoint():
    three_seals()
    proofs = inclusion([9, 2, 5, 6, 11, 4711, 2])
    assert [(proof.event_id, proof.seal) for proof in proofs] == [(2, 1), (5, 2), (6, 2), (9, 3)]
    for proof in proofs:
        leaf = leaves.leaf(proof.salt, proof.canonical)
        assert tree.root_from(leaf, proof.index, proof.leaves, proof.path) == proof.root
        told = notes.read(proof.checkpoint)
        assert (told.size, told.chain) == (proof.size, tree.chain(proof.previous, proof.root, proof.size))
        assert proof.canonical.startswith(f"[{proof.event_id},".encode())
    assert inclusion([]) == []


def test_each_salt_is_drawn_anew():
    three_seals()
    salts = db.session.scalars(select(SealedEvent.salt)).all()
    assert len(set(salts)) == 10
    assert {len(salt) for salt in salts} == {16}


def test_the_worker_seals_and_verifies(app):
    a_customer("Ana", Status.OPTED_IN)
    housekeeping.seal_ledger(app)
    housekeeping.verify_ledger(app)
    ran = verification.last()
    assert (ran.events, ran.seals, ran.fault, ran.ran_by) == (1, 1, None, "system")
    room = "consent.sealing.housekeeping"
    assert {f"{room}.seal_each_minute", f"{room}.verify_ledger"} <= tasks._periodic.keys()


@pytest.mark.parametrize(("events", "seals"), [(2, 0), (3, 1)])
def test_many_events_do_not_wait_for_the_minute_to_end(app, monkeypatch, events, seals):
    monkeypatch.setattr(housekeeping, "MANY", 3)
    for number in range(events):
        a_customer(f"Ana {number}", Status.OPTED_IN)
    housekeeping.seal_many(app)
    assert len(db.session.scalars(select(Seal)).all()) == seals


def test_each_minute_looks_are_planned_for_the_minute(app):
    planned = []

    class Planned:
        @staticmethod
        def schedule(*, args, delay):
            planned.append((args, delay))

    app.extensions["heed-tasks"] = {"seal many": Planned}
    housekeeping.seal_each_minute(app)
    assert planned == [((), seconds) for seconds in housekeeping.LOOKS]


def test_a_seal_that_is_made_while_verification_reads_is_no_fault(app, monkeypatch):
    three_seals()
    counted = ledger_check.size

    def while_another_seals():
        events = counted()
        thread = threading.Thread(target=in_another_context)
        thread.start()
        thread.join()
        return events

    def in_another_context():
        with app.app_context():
            seal(300)

    monkeypatch.setattr(ledger_check, "size", while_another_seals)
    assert fault() is None
    assert sizes() == [4, 8, 10, 11]


class TestCommand:
    def verify(self, app, *arguments):
        return CliRunner().invoke(
            ledger_group, ["verify", *arguments], obj=ScriptInfo(create_app=lambda: app)
        )

    def test_whole_is_0_and_a_fault_is_1_with_its_sentence(self, app):
        three_seals()
        ended = self.verify(app)
        assert (ended.exit_code, ended.stderr) == (0, "The ledger is whole: 11 events, 3 seals.\n")
        rewrite("DELETE FROM seals WHERE number = 2")
        ended = self.verify(app)
        assert (ended.exit_code, ended.stderr) == (1, "Error: Seal 2 is missing.\n")

    def test_a_checkpoint_file_counts(self, app, folder, tmp_path):
        three_seals()
        kept = tmp_path / "kept.txt"
        kept.write_bytes((folder / "checkpoints.log").read_bytes())
        assert self.verify(app, "--checkpoint", str(kept)).exit_code == 0
        rewrite("DELETE FROM seals", "DELETE FROM sealed_events")
        (folder / "checkpoints.log").unlink()
        assert self.verify(app).exit_code == 0, "nothing here can tell"
        ended = self.verify(app, "--checkpoint", str(kept))
        assert (ended.exit_code, "kept.txt holds a checkpoint of 4 events" in ended.stderr) == (1, True)

    @pytest.mark.parametrize("content", ["", "no checkpoint\n"])
    def test_a_file_that_holds_none_is_not_taken_for_one(self, app, tmp_path, content):
        file = tmp_path / "empty.txt"
        file.write_text(content)
        assert self.verify(app, "--checkpoint", str(file)).exit_code == 2
        assert self.verify(app, "--checkpoint", str(tmp_path / "none.txt")).exit_code == 2


def test_evidence_goes_only_with_a_note_of_when_and_why():
    stop(a_customer("Ana", Status.OPTED_IN), 5)
    seal()
    rewrite("DELETE FROM evidence WHERE event_id = 2")
    assert fault() == "The evidence of event 2 is gone."
    rewrite("INSERT INTO forgotten_evidence VALUES (2, '2026-11-20 12:00:00', 'erasure')")
    assert fault() is None
