"""`opt-outs.log` in the data folder: who asked to be left alone, told without a number. It is on disk before
the commit that it tells of; an entry of a transaction that came to nothing is harmless, for it is the
stricter side.

Processes append whole lines in turns. A crash may cut the last line short; the next writer ends it.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import OperationalError

from webapp.customers.erasure.suppression_key import sync

FILE = "opt-outs.log"
TIMES = ("told", "at", "since")
PRIVATE = 0o600


class NotWritten(OperationalError):
    """The journal cannot be written, so nothing is committed: to callers as if the database were out of
    reach."""

    def __init__(self, problem: OSError) -> None:
        super().__init__("the opt-out journal", None, problem)


class Stop(StrEnum):
    """What keeps marketing from somebody."""

    OPTED_OUT = "opted_out"
    PLATFORM_STOP = "platform_stop"
    HOLD = "on_hold"
    WITHDRAWN = "withdrawn"
    """Their opt-in was taken back: there is no record of a consent any more."""


@dataclass(frozen=True)
class Entry:
    """The stops of one customer after one transaction.

    `event` is the last one that the transaction wrote about them, 0 when a stopped customer only got another
    address. The record is named by id and creation, for ids come again when a backup is put back.
    """

    told: datetime
    """When this was written: the stops held then, whatever was said and recorded when."""
    at: datetime
    """When the event says that it was recorded."""
    event: int
    customer: int
    since: datetime
    stops: tuple[str, ...]
    hashes: tuple[str, ...]
    key: str
    """The fingerprint of the key of the hashes; "" when there was none to be had."""

    @property
    def line(self) -> bytes:
        times = {name: getattr(self, name).isoformat() for name in TIMES}
        return json.dumps(asdict(self) | times, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True)
class Journal:
    """What a file holds; `marks` name the entries, each by its line."""

    entries: list[Entry]
    marks: list[str]
    unreadable: int
    """Lines that are none, as a crash leaves them, of a transaction that did not happen then."""

    @property
    def mark(self) -> str:
        """Of the last entry; "" without any."""
        return self.marks[-1] if self.marks else ""

    def after(self, mark: str) -> list[Entry]:
        """The entries behind the one of this mark; all of them when it is not there."""
        return self.entries[self.place_of(mark) + 1 :] if mark in self.marks else self.entries

    def place_of(self, mark: str) -> int:
        """Of the last entry of this mark; behind all of them when it is not there."""
        found = mark in self.marks
        return len(self.marks) - 1 - self.marks[::-1].index(mark) if found else len(self.marks)


def append(folder: Path, entries: Iterable[Entry]) -> None:
    """Put the entries on disk. Raises NotWritten, with the file as it was."""
    lines = b"".join(entry.line for entry in entries)
    try:
        with _locked(folder / FILE) as (handle, size):
            torn = size and os.pread(handle, 1, size - 1) != b"\n"
            try:
                _write(handle, (b"\n" if torn else b"") + lines)
                os.fsync(handle)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(handle, size)
                raise
            if not size:
                sync(folder)
    except OSError as problem:
        raise NotWritten(problem) from problem


def read(file: Path) -> Journal:
    """Everything that the file holds; nothing when there is none. Raises OSError."""
    if not file.exists():
        return Journal([], [], 0)
    lines = [line for line in file.read_bytes().split(b"\n") if line]
    found = [(entry, line) for line in lines if (entry := _entry(line))]
    marks = [hashlib.sha256(line).hexdigest() for _, line in found]
    return Journal([entry for entry, _ in found], marks, len(lines) - len(found))


def trim(folder: Path, before: datetime, mark: str = "") -> int:
    """Drop what was written before that instant; how many entries. Writers meanwhile wait.

    The entry of this mark stays, and all behind it: it shows that nothing is lacking since, and a clock that
    was wrong tells of a wrong instant.
    """
    file = folder / FILE
    if not file.exists():
        return 0
    with _locked(file):
        found = read(file)
        entries, since = found.entries, found.place_of(mark)
        kept = [entry for place, entry in enumerate(entries) if entry.told >= before or place >= since]
        if len(kept) < len(entries):
            _replace(file, kept)
    return len(entries) - len(kept)


@contextmanager
def _locked(file: Path) -> Iterator[tuple[int, int]]:
    """The file and its size, for one writer at a time; not one that was replaced while we waited for it."""
    while True:
        handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is_at(handle, file):
                yield handle, os.fstat(handle).st_size
                return
        finally:
            os.close(handle)


def _is_at(handle: int, file: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), file.stat())
    return False


def _write(handle: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(handle, left) :]


def _replace(file: Path, entries: list[Entry]) -> None:
    part = file.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
    try:
        _write(handle, b"".join(entry.line for entry in entries))
        os.fsync(handle)
    finally:
        os.close(handle)
    os.replace(part, file)
    sync(file.parent)


def _entry(line: bytes) -> Entry | None:
    try:
        told = json.loads(line)
        times = [datetime.fromisoformat(told[name]).astimezone(UTC) for name in TIMES]
        stops, hashes = tuple(map(str, told["stops"])), tuple(map(str, told["hashes"]))
        return Entry(
            *times[:2], int(told["event"]), int(told["customer"]), times[2], stops, hashes, str(told["key"])
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
