"""What a restore would need is watched: the journal of opt-outs, and the age of the last backup."""

import errno
import os
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import a_customer
from tests.test_metrics import told
from tests.whatsapp.posting import deliver, says
from webapp import clock
from webapp.backups.commands import backup_command
from webapp.consent import ledger
from webapp.consent.ledger import Statement
from webapp.consent.rules import Source, Status
from webapp.customers.journal import backed_up, checking, log
from webapp.extensions import db
from webapp.status import alarm_worker, safety_lines
from webapp.status.alarms import listed
from webapp.status.commands import doctor_command
from webapp.status.line import BAD, GOOD, WARNING

HOUR = timedelta(hours=1)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / log.FILE


@pytest.fixture
def status(app):
    def status(id: str, **settings):
        """(tone, words) of this line."""
        with app.app_context():
            wanted = replace(app.config["HEED"], **settings)
            [line] = [line for line in safety_lines.lines(wanted, clock.now()) if line.id == id]
            db.session.remove()
        return line.tone, line.words

    return status


def stops(app, number: int) -> None:
    for n in range(number):
        deliver(app, says("STOP", n, **{"from": str(447_946_100_001 + n)}))


def without_line(journal, number: int) -> None:
    lines = journal.read_bytes().splitlines(keepends=True)
    del lines[number]
    journal.write_bytes(b"".join(lines))


def test_a_journal_that_is_whole_and_can_be_written_is_well(app, status, journal):
    assert status("journal")[0] == GOOD, "nobody said stop yet, so nothing is missing"
    stops(app, 2)
    before = journal.read_bytes()
    assert status("journal")[0] == GOOD
    assert [file.name for file in journal.parent.glob("opt-outs*")] == [log.FILE]
    assert journal.read_bytes() == before, "looking changes nothing"


def test_a_journal_that_cannot_be_opened_is_told_wherever_somebody_looks(app, client, desk, status, journal):
    journal.mkdir()
    assert status("journal")[0] == BAD
    assert f"opt-outs.log cannot be written: {os.strerror(errno.EISDIR)}" in status("journal")[1]
    assert "cannot be written" in desk("viewer").soup("/status").select_one("#line-journal").text
    assert "fault    Opt-out journal" in app.test_cli_runner().invoke(doctor_command, ["--offline"]).output
    assert told(client)["heed_journal_writable"] == 0
    alarm_worker.look(app, clock.now())
    with app.app_context():
        assert {alarm.id: alarm.severity for alarm in listed()}["journal"] == "critical"
        db.session.remove()


@pytest.mark.parametrize("there", ["nothing", "a file"])
def test_a_data_folder_that_is_gone_is_told_too(app, client, desk, tmp_path, there):
    """As when its volume is not mounted: that must not silence whoever tells of it."""
    admin, gone = desk("admin"), tmp_path / "gone"
    if there == "a file":
        gone.touch()
    app.config["HEED"] = replace(app.config["HEED"], data_dir=gone)
    alarm_worker.look(app, clock.now())
    with app.app_context():
        assert "journal" in [alarm.id for alarm in listed()]
        db.session.remove()
    assert told(client)["heed_journal_writable"] == 0
    assert "cannot be written" in admin.soup("/status").select_one("#line-journal").text


def test_a_disk_without_room_is_told_before_a_stop_meets_it(app, status, monkeypatch):
    """The journal itself could be opened still: only what is written shows it."""

    def full(_handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checking.os, "fsync", full)
    assert status("journal") == (
        BAD, "opt-outs.log cannot be written: No space left on device. No opt-out is stored; webhooks are"
        " answered 503.",
    )  # fmt: skip


@pytest.mark.parametrize("lost", ["all", "the oldest", "the newest", "replaced"])
def test_opt_outs_that_the_journal_does_not_tell_of_are_an_alarm_until_a_backup_has_them(
    app, client, status, journal, lost
):
    stops(app, 3)
    match lost:
        case "all":
            journal.unlink()
        case "the oldest" | "the newest":
            without_line(journal, 0 if lost == "the oldest" else -1)
        case "replaced":
            journal.write_bytes(b"")
    number = 3 if lost in ("all", "replaced") else 1
    counted = "1 opt-out" if number == 1 else "3 opt-outs"
    assert status("journal") == (BAD, f"opt-outs.log lacks {counted} of after the last backup.")
    assert told(client)["heed_journal_lacking"] == number
    ended = app.test_cli_runner().invoke(backup_command, [str(journal.parent / "kept")])
    assert ended.exit_code == 0, ended.output
    assert status("journal")[0] == GOOD
    assert told(client)["heed_journal_lacking"] == 0


def test_the_oldest_of_many_is_missed_too(app, status, journal, monkeypatch):
    monkeypatch.setattr(checking, "LOOKED_FOR", 2)
    stops(app, 4)
    without_line(journal, 0)
    assert status("journal")[0] == BAD


@pytest.mark.parametrize("portion", [1, 100, 1000])
def test_entries_are_found_wherever_what_is_read_at_once_ends(app, status, journal, monkeypatch, portion):
    monkeypatch.setattr(checking, "PORTION", portion)
    stops(app, 7)
    assert status("journal")[0] == GOOD
    without_line(journal, 3)
    assert status("journal") == (BAD, "opt-outs.log lacks 1 opt-out of after the last backup.")


def test_a_journal_that_is_cut_while_somebody_looks_ends_nobody(app, status, journal, monkeypatch):
    """As `copytruncate` of logrotate does, or a writer who takes back what a full disk did not take."""
    stops(app, 2)
    monkeypatch.setattr(checking, "_named", lambda *_: os.truncate(journal, 0) or set())
    monkeypatch.setattr(checking, "PORTION", 100)
    assert status("journal")[0] == BAD


def test_whoever_opted_in_again_is_not_looked_for(app, status, journal):
    with app.app_context():
        customer = a_customer(status=Status.OPTED_IN)
        for wanted in (Status.OPTED_OUT, Status.OPTED_IN):
            ledger.record(customer, Statement(wanted, Source.KEYWORD, "customer", clock.now()))
            db.session.commit()
        db.session.remove()
    journal.write_bytes(b"")
    assert status("journal")[0] == GOOD, "a restore that forgets this opt-out harms nobody"


def test_what_the_trimming_of_a_backup_takes_away_is_not_missed(app, status, journal):
    stops(app, 2)
    ended = app.test_cli_runner().invoke(backup_command, [str(journal.parent / "kept"), "--keep", "1"])
    assert ended.exit_code == 0, ended.output
    log.trim(journal.parent, clock.now())
    assert log.read(journal).entries == []
    assert status("journal")[0] == GOOD


def test_without_the_setting_no_backup_is_no_alarm_and_says_so(app, status):
    tone, words = status("backup")
    assert (tone, words.startswith("heed backup has made none yet. No alarm rings")) == (GOOD, True)
    note(app, clock.now() - 1000 * HOUR)
    assert status("backup")[0] == GOOD


@pytest.mark.parametrize(("hours", "tone"), [(None, WARNING), (25, GOOD), (27, WARNING)])
def test_with_the_setting_a_backup_that_is_missing_or_old_is_an_alarm(app, client, status, hours, tone):
    if hours is not None:
        note(app, clock.now() - hours * HOUR)
    assert status("backup", backup_may_be_old=26 * HOUR)[0] == tone
    assert ("heed_backup_last_seconds" in told(client)) == (hours is not None)
    app.config["HEED"] = replace(app.config["HEED"], backup_may_be_old=26 * HOUR)
    alarm_worker.look(app, clock.now())
    with app.app_context():
        assert ("backup" in [alarm.id for alarm in listed()]) == (tone == WARNING)
        db.session.remove()


def note(app, at) -> None:
    with app.app_context():
        backed_up.note(at)
        db.session.commit()
        db.session.remove()


def test_a_backup_that_is_refused_is_none(app, status, tmp_path):
    (tmp_path / "kept").write_text("a file")
    assert app.test_cli_runner().invoke(backup_command, [str(tmp_path / "kept")]).exit_code != 0
    assert "none yet" in status("backup")[1]
