"""A backup is the desk at one moment, made while it is at work: whole or not there, and what is in it can be
told."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from tests.backups.conftest import put_away
from tests.exhibits import a_pdf
from tests.factories import NOON, a_customer, at
from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import deliver, everybody, post, says, the_ledger_is_whole
from webapp import create_app
from webapp.backups import making, manifest
from webapp.backups.commands import backup_command, restore_command
from webapp.backups.manifest import Manifest
from webapp.backups.refusals import NoBackup
from webapp.consent import evidence_files, ledger
from webapp.consent.file_kinds import read_upload
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.consent.sealing import housekeeping, keys
from webapp.customers.erasure import suppression_key
from webapp.customers.journal import backed_up, log
from webapp.database import is_sqlite, writing
from webapp.extensions import db

MANY = 40
YES = Proof("web_form", "Yes")


def on_record(app, proof: Proof = YES) -> None:
    with app.app_context(), writing():
        said = Statement(Status.OPTED_IN, Source.AGENT, "user:1", at(0), proof=proof)
        ledger.record(a_customer(), said)
        db.session.commit()


def test_under_load_it_is_the_desk_at_one_moment_and_no_opt_out_is_lost(app, backup, restore, fresh):
    """The backup is made in the midst of deliveries that come as fast as they can."""
    at_work, answers = threading.Event(), []

    def write() -> None:
        client = app.test_client()
        for n in range(MANY):
            stop = a_body(says("STOP", n, **{"from": str(447_946_000_001 + n)}))
            answers.append(post(client, stop).status_code)
            if n == MANY // 4:
                at_work.set()

    writer = threading.Thread(target=write)
    writer.start()
    at_work.wait()
    made = backup()
    writer.join()
    assert answers == [200] * MANY
    told = making.check(made)
    assert told.counts["customers"] == told.counts["consent_events"] == told.counts["last_event"]
    assert restore(made).exit_code == 0
    with fresh.app_context():
        assert the_ledger_is_whole()
        held = len(everybody())
        assert held == told.counts["customers"]
        assert {one.status for one in everybody()} == {"opted_out"}
    deliver(fresh, *(says("Hi", n + 100, **{"from": str(447_946_000_001 + n)}) for n in range(MANY)))
    with fresh.app_context():
        assert [one.status for one in everybody()] == ["opted_out"] * MANY


def test_evidence_checkpoints_and_counts_are_in_it_and_no_key_is(app, backup, restore, fresh, tmp_path):
    with app.app_context(), writing():
        sha256 = evidence_files.keep(read_upload(a_pdf(), "form.pdf"), at(0))
        db.session.commit()
    on_record(app, Proof("paper_form", file_sha256=sha256, file_name="form.pdf"))
    deliver(app, says("STOP"))
    with app.app_context():
        housekeeping.seal_all(app.config["HEED"])
    made = backup()
    told = manifest.read(made)
    held = {str(each.relative_to(made)) for each in made.rglob("*") if each.is_file()}
    assert held == {*told.parts, manifest.FILE}
    assert held > {f"evidence/{sha256[:2]}/{sha256}", "checkpoints.log", told.database}
    for key in (keys.FILE, suppression_key.FILE):
        secret = (tmp_path / key).read_bytes().strip()
        assert not any(secret in each.read_bytes() for each in made.rglob("*") if each.is_file())
    assert {oct(each.stat().st_mode & 0o777) for each in made.rglob("*") if each.is_file()} == {"0o600"}
    assert {oct(each.stat().st_mode & 0o777) for each in (made, made.parent)} == {"0o700"}
    shutil.rmtree(tmp_path / "evidence")
    assert restore(made).exit_code == 0
    with fresh.app_context():
        assert evidence_files.first_fault(read=True) is None


@pytest.fixture
def made(app, backup) -> Path:
    on_record(app)
    with app.app_context():
        housekeeping.seal_all(app.config["HEED"])
    return backup()


def tampered(made: Path) -> None:
    """In a part that no database looks at."""
    part = made / "checkpoints.log"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)


def unreadable(made: Path) -> None:
    """With a manifest that fits: the databases themselves have to notice."""
    told = manifest.read(made)
    part = made / told.database
    part.write_bytes(part.read_bytes()[: part.stat().st_size // 2])
    manifest.keep(told, made, told.database)
    told.write(made)


def lacking(made: Path) -> None:
    (made / manifest.read(made).database).unlink()


@pytest.mark.parametrize("harm", [tampered, unreadable, lacking])
def test_a_backup_that_is_not_what_was_written_is_refused(app, run, restore, made, harm):
    assert run(backup_command, "--verify", made).exit_code == 0
    harm(made)
    assert run(backup_command, "--verify", made).exit_code == 1
    on_record(app)
    assert restore(made).exit_code == 1
    with app.app_context():
        assert len(everybody()) == 2


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"format": 1}', '{"format": 1, "parts": {"../x": {}}}'])
def test_what_is_no_backup_is_unusable(app, run, tmp_path, content):
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / manifest.FILE).write_text(content)
    for command, options in ((restore_command, []), (backup_command, ["--verify"])):
        assert run(command, tmp_path / "none", *options).exit_code == 2


def test_a_manifest_leads_to_no_file_outside(run, made):
    """Or a backup from elsewhere could put files anywhere."""
    told = manifest.read(made)
    told.parts["evidence/../../x"] = {"sha256": "", "bytes": 0}
    told.write(made)
    assert run(restore_command, made).exit_code == 2


@pytest.mark.parametrize(
    "other",
    [
        {"parts": ["heed.db"]}, {"parts": {"heed.db": {}}}, {"counts": {"customers": "two"}},
        {"parts": {"heed.db": {"sha256": 1, "bytes": 1}}},
        {"parts": {"heed.db": {"sha256": "", "bytes": ""}}},
        {"parts": {"heed.db": {"sha256": "", "bytes": 0}, "evidence/\0": {"sha256": "", "bytes": 0}}},
        {"taken_at": "9999-12-31T23:59:59-23:59"},
    ],
)  # fmt: skip
def test_a_manifest_of_another_form_is_unusable(tmp_path, other):
    part = {"sha256": "", "bytes": 0}
    sound = Manifest("1", "0001", "sqlite", NOON)
    sound.counts, sound.parts = {"customers": 1, "last_event": 1}, {"heed.db": part}
    sound.write(tmp_path)
    assert manifest.read(tmp_path) == sound
    told = json.loads((tmp_path / manifest.FILE).read_text()) | other
    (tmp_path / manifest.FILE).write_text(json.dumps(told))
    with pytest.raises(NoBackup):
        manifest.read(tmp_path)


def test_only_so_many_are_kept_and_the_journal_begins_with_the_oldest(app, backup, tmp_path):
    first = backup()
    deliver(app, says("STOP"))
    [entry] = log.read(tmp_path / log.FILE).entries
    log.append(tmp_path, [replace(entry, told=entry.told - 2 * making.LONGEST_TRANSACTION)])
    second, third = backup("--keep", 2), backup("--keep", 2)
    assert sorted((tmp_path / "kept").glob("heed-*")) == [second, third] != [first, second]
    assert log.read(tmp_path / log.FILE).entries == [entry]


def test_one_at_a_time_and_what_a_dead_one_left_goes(app, backup, run, tmp_path):
    left = tmp_path / "kept" / "heed-20260101T000000000000Z.part"
    left.mkdir(parents=True)
    backup()
    assert not left.exists()
    with (tmp_path / "kept" / making.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = run(backup_command, tmp_path / "kept")
    assert (refused.exit_code, "Another backup" in refused.output) == (1, True)


def test_without_the_programs_of_postgresql_it_says_what_to_install(app, run, tmp_path, monkeypatch):
    if is_sqlite(app.config["HEED"].database_url):
        return  # needs none
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run(backup_command, tmp_path / "kept")
    assert (refused.exit_code, "postgresql-client" in refused.output) == (1, True)
    assert list((tmp_path / "kept").glob("heed-*Z")) == []
    (tmp_path / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6'")
    (tmp_path / "pg_dump").chmod(0o755)
    assert "is of version 9" in run(backup_command, tmp_path / "kept").output


def test_a_restore_that_dies_leaves_the_desk_as_it_was_and_can_begin_anew(app, made, restore, fresh):
    deliver(app, says("STOP"))
    put_away(app)
    settings = app.config["HEED"]
    environment = {"DATABASE_URL": settings.database_url, "HEED_DATA_DIR": str(settings.data_dir)}
    died = subprocess.run(
        [sys.executable, "-m", "tests.backups.mortal", made], env={**os.environ, **environment}, check=False
    )
    assert died.returncode == -signal.SIGKILL
    with app.app_context():
        assert [one.status for one in everybody()] == ["opted_in", "opted_out"]
        assert the_ledger_is_whole()
    assert restore(made).exit_code == 0
    with fresh.app_context():
        assert [one.status for one in everybody()] == ["opted_in"]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_may_only_read_makes_a_whole_backup_that_the_desk_does_not_know_of(
    app, database_url, tmp_path
):
    given = "CREATE ROLE only_reads LOGIN PASSWORD 'x'", "GRANT pg_read_all_data TO only_reads"
    with app.app_context():
        for statement in given:
            db.session.execute(text(statement))
        db.session.commit()
    reader = make_url(database_url).set(username="only_reads", password="x")
    place = {"DATABASE_URL": reader.render_as_string(hide_password=False), "HEED_DATA_DIR": str(tmp_path)}
    theirs = create_app(place, web=False)
    done = theirs.test_cli_runner().invoke(backup_command, [str(tmp_path / "kept")])
    put_away(theirs)
    with app.app_context():
        db.session.execute(text("DROP ROLE only_reads"))
        db.session.commit()
        assert backed_up.last() is None
    assert done.exit_code == 0, done.output
    assert "could not note that it was backed up" in done.output
    [made] = (tmp_path / "kept").glob("heed-*Z")
    making.check(made)


def test_a_folder_that_cannot_be_is_said_in_one_line(app, run, tmp_path):
    (tmp_path / "file").touch()
    refused = run(backup_command, tmp_path / "file" / "backups")
    assert (refused.exit_code, refused.output) == (1, f"Error: {tmp_path}/file/backups: Not a directory.\n")


def test_a_database_that_does_not_answer_is_said_in_one_line(tmp_path):
    away = create_app(
        {"DATABASE_URL": f"postgresql://heed@/heed?host={tmp_path}", "HEED_DATA_DIR": tmp_path}, web=False
    )
    refused = away.test_cli_runner().invoke(backup_command, [str(tmp_path / "kept")])
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: The database says: connection ")
    assert refused.output.count("\n") == 1
