"""Whoever owns the database edits it, and verification names the first thing that is not as it was."""

import re
import shutil
from pathlib import Path

import pytest
from flask import current_app

from tests.consent.sealing.sealed import fault, rewrite, seal, stop, three_seals
from tests.factories import a_customer
from webapp.consent.rules import Status
from webapp.consent.sealing import keys
from webapp.extensions import db


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


@pytest.fixture
def sealed():
    return three_seals()


def test_what_the_product_wrote_is_whole(sealed):
    assert fault() is None
    assert fault(beside=False) is None


CASES = [
    line.split("\t") for line in Path(__file__).with_name("tampering.tsv").read_text("utf-8").splitlines()[1:]
]


@pytest.mark.parametrize(("what", "statements", "expected"), CASES, ids=[case[0] for case in CASES])
def test_it_finds(sealed, what, statements, expected):
    rewrite(*statements.split("; "))
    assert expected in (fault() or "nothing"), what


def test_a_repeated_event_is_found_though_no_constraint_stood_in_its_way(sealed):
    unique = {
        "sqlite": ["CREATE TABLE places AS SELECT * FROM sealed_events", "DROP TABLE sealed_events",
                   "ALTER TABLE places RENAME TO sealed_events"],
        "postgresql": ["ALTER TABLE sealed_events DROP CONSTRAINT pk_sealed_events"],
    }[db.engine.dialect.name]  # fmt: skip
    rewrite(*unique, "UPDATE sealed_events SET position = 6 WHERE position = 7")
    assert re.match(r"Event [67] is sealed twice, in seal 2\.", fault() or "")


class TestBuiltAnew:
    """The attacker changes an event and builds all seals again, with their own key or with the desk's."""

    @pytest.fixture
    def anew(self, sealed, tmp_path):
        kept = tmp_path / "kept"
        kept.mkdir()
        for name in ("checkpoints.log", "signing.key"):
            shutil.copy(current_app.config["HEED"].data_dir / name, kept)

        def build(*, with_own_key: bool, log_too: bool) -> None:
            folder = current_app.config["HEED"].data_dir
            rewrite("DELETE FROM sealed_events", "DELETE FROM seals",
                    "UPDATE consent_events SET rule_version = 'forged' WHERE id = 2")  # fmt: skip
            if with_own_key:
                (folder / "signing.key").unlink()
            if log_too:
                (folder / "checkpoints.log").unlink()
            seal(300)
            if with_own_key:
                shutil.copy(kept / "signing.key", folder)
            if not log_too:
                shutil.copy(kept / "checkpoints.log", folder)

        build.kept = kept / "checkpoints.log"
        return build

    def test_the_checkpoints_beside_the_database_tell(self, anew):
        anew(with_own_key=False, log_too=False)
        assert "checkpoints.log" in (fault() or "")

    def test_a_checkpoint_that_somebody_kept_tells_though_those_beside_were_forged_too(self, anew):
        anew(with_own_key=False, log_too=True)
        assert fault() is None, "nothing here can tell"
        assert "checkpoints.log holds a checkpoint of 4 events, where no seal ends" in fault(anew.kept)

    def test_a_foreign_key_tells(self, anew):
        anew(with_own_key=True, log_too=True)
        (current_app.config["HEED"].data_dir / "checkpoints.log").unlink()
        assert re.match(r"Seal 1 is signed by key [0-9a-f]{8}, for which neither", fault() or "")

    def test_seals_of_the_same_sizes_tell_by_their_chain(self, anew):
        rewrite("DELETE FROM sealed_events", "DELETE FROM seals", "DELETE FROM consent_events WHERE id > 4",
                "UPDATE consent_events SET rule_version = 'forged' WHERE id = 2")  # fmt: skip
        seal(300)
        assert "Seal 1 is not the one of 4 events whose checkpoint stands in checkpoints.log" in fault(
            anew.kept
        )


class TestCheckpointsFile:
    def test_a_single_note_that_was_copied_is_enough(self, sealed, tmp_path):
        file = tmp_path / "note.txt"
        file.write_text(db.session.scalar(db.text("SELECT checkpoint FROM seals WHERE number = 2")))
        assert fault(file) is None
        rewrite("DELETE FROM seals WHERE number > 1", "DELETE FROM sealed_events WHERE position > 4")
        assert "note.txt holds a checkpoint of 8 events, where no seal ends" in fault(file)

    def test_a_note_of_another_ledger_is_no_proof(self, sealed, tmp_path):
        file = tmp_path / "note.txt"
        shutil.copy(current_app.config["HEED"].data_dir / "checkpoints.log", file)
        rewrite("DELETE FROM sealed_events", "DELETE FROM seals", "DELETE FROM ledger_origin")
        (current_app.config["HEED"].data_dir / "checkpoints.log").unlink()
        seal(300)
        assert re.match(
            r"note.txt holds checkpoints of heed/\w+; this ledger is heed/\w+\.", fault(file) or ""
        )

    def test_a_note_that_was_bent_is_named(self, sealed, tmp_path):
        file = tmp_path / "note.txt"
        content = (current_app.config["HEED"].data_dir / "checkpoints.log").read_text(encoding="utf-8")
        file.write_text(content.replace("12:02:00", "12:02:01"), encoding="utf-8")
        assert fault(file) == "Checkpoint 2 of note.txt: The signature is wrong."


def test_a_changed_key_breaks_no_old_seal(sealed):
    folder = current_app.config["HEED"].data_dir
    before = keys.public_key(current_app.config["HEED"])
    (folder / "signing.key").unlink()
    assert fault() is None
    seal(240)
    assert keys.public_key(current_app.config["HEED"]) != before
    assert fault() is None
    (folder / "checkpoints.log").unlink()
    assert fault() is None, "the newest seal covers those before it"


def test_the_seals_are_checked_before_the_states(sealed):
    rewrite("UPDATE customers SET status = 'opted_in' WHERE id = 1", "DELETE FROM seals WHERE number = 2")
    assert fault() == "Seal 2 is missing."


def test_an_event_that_waits_for_its_seal_is_no_fault(sealed):
    stop(a_customer("Fritz", Status.OPTED_IN), 250)
    assert fault() is None
    seal(7200)
    assert fault() is None
