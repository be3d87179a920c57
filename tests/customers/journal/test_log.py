"""The file of the journal: whole lines, whoever writes, dies or trims meanwhile."""

import os
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.factories import NOON, at
from webapp.customers.journal import log
from webapp.customers.journal.log import Entry, NotWritten

ENTRY = Entry(at(0.5), at(0.25), 7, 3, NOON, ("opted_out",), ("ab" * 32,), "cd" * 16)


def an_entry(number: int) -> Entry:
    return replace(ENTRY, event=number, told=at(number))


def test_an_entry_is_read_as_it_was_written(tmp_path):
    log.append(tmp_path, [ENTRY, an_entry(8)])
    assert log.read(tmp_path / log.FILE).entries == [ENTRY, an_entry(8)]
    assert (tmp_path / log.FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("cut", [1, 20, 100])
def test_a_line_that_a_crash_cut_short_costs_no_other(tmp_path, cut):
    log.append(tmp_path, [an_entry(1), an_entry(2)])
    os.truncate(tmp_path / log.FILE, (tmp_path / log.FILE).stat().st_size - cut)
    log.append(tmp_path, [an_entry(3)])
    found = log.read(tmp_path / log.FILE)
    whole = [1, 3] if cut > 1 else [1, 2, 3]  # without its end of line it is whole
    assert [entry.event for entry in found.entries] == whole
    assert found.unreadable == (cut > 1)


@pytest.mark.parametrize(
    "line", ["{}", "[]", "null", '"a"', "\x00\xff", '{"at": 1}', "9" * 5000, "[" * 10**5], ids=range(8)
)
def test_a_line_that_is_no_entry_is_counted(tmp_path, line):
    (tmp_path / log.FILE).write_bytes(line.encode() + b"\n" + ENTRY.line)
    found = log.read(tmp_path / log.FILE)
    assert (found.entries, found.unreadable) == ([ENTRY], 1)


def test_writers_at_the_same_time_write_whole_lines_while_it_is_trimmed(tmp_path):
    """A writer that waits for the trimmed file must not write into the one that is no more."""

    def write(first: int) -> None:
        for number in range(first, first + 25):
            log.append(tmp_path, [an_entry(number)])

    writers = [threading.Thread(target=write, args=(1000 * n,)) for n in range(1, 5)]
    log.append(tmp_path, [an_entry(0)])
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        log.append(tmp_path, [an_entry(0)])
        log.trim(tmp_path, at(1))
    found = log.read(tmp_path / log.FILE)
    written = {entry.event for entry in found.entries} - {0}
    assert written == {1000 * n + m for n in range(1, 5) for m in range(25)}
    assert found.unreadable == 0


def test_a_journal_that_cannot_be_made_is_said_so(tmp_path):
    with pytest.raises(NotWritten):
        log.append(tmp_path / "nowhere", [ENTRY])


def test_what_could_not_be_written_whole_is_taken_back(tmp_path, monkeypatch):
    log.append(tmp_path, [an_entry(1)])
    before = (tmp_path / log.FILE).read_bytes()
    monkeypatch.setattr(os, "fsync", _broken)
    with pytest.raises(NotWritten):
        log.append(tmp_path, [an_entry(2)])
    assert (tmp_path / log.FILE).read_bytes() == before


def _broken(_handle):
    raise OSError("The disk is gone")


def test_after_the_last_entry_of_a_mark_come_the_others(tmp_path):
    log.append(tmp_path, [an_entry(1), an_entry(2), an_entry(3)])
    found = log.read(tmp_path / log.FILE)
    assert [entry.event for entry in found.after(found.marks[1])] == [3]
    assert found.after(found.mark) == []
    assert len(found.after("another")) == 3


def test_what_is_older_goes_when_it_is_trimmed(tmp_path):
    log.append(tmp_path, [an_entry(1), an_entry(2)])
    assert log.trim(tmp_path, NOON + timedelta(seconds=2)) == 1
    assert [entry.event for entry in log.read(tmp_path / log.FILE).entries] == [2]
    assert log.trim(tmp_path / "nowhere", NOON) == 0


def test_but_for_what_came_since_the_mark_of_the_oldest_backup_whatever_the_clock_said(tmp_path):
    log.append(tmp_path, [an_entry(3), an_entry(9), an_entry(1)])
    mark = log.read(tmp_path / log.FILE).marks[1]
    assert log.trim(tmp_path, at(99), mark) == 1
    assert [entry.event for entry in log.read(tmp_path / log.FILE).entries] == [9, 1]
