"""Checkpoints leave the database: a file beside it, the log, and somebody else's address."""

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select

from webapp import outgoing
from webapp.consent.sealing import notes, sealer
from webapp.consent.sealing.models import Seal
from webapp.extensions import db

log = logging.getLogger(__name__)

FILE = "checkpoints.log"
LONGEST_NOTE = 1000
"""Bytes; more than any note has."""
ROWS_AT_ONCE = 1000
END_OF_NOTE = re.compile(f"^{notes.SIGNATURE_MARK}[^\n]*\n\n".encode(), re.MULTILINE)


def write_down(folder: Path) -> str | None:
    """Append every checkpoint that the file does not hold yet, also those of before a crash; the newest one
    written, if there was any. Raises BadNote when the file ends in something else."""
    with _opened(folder) as file:
        last = _last(file)
        told = None
        for told in _later_than(last):
            file.write(f"{told}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    if told:
        log.info("checkpoint: %s", " | ".join(told.splitlines()[:-2]))
    return told


def write_end(folder: Path, note: str) -> None:
    """That the ledger of an origin was given up on purpose."""
    with _opened(folder) as file:
        file.write(f"{note}\n".encode())
        file.flush()
        os.fsync(file.fileno())


def post(url: str, note: str) -> bool:
    """Hand a checkpoint to whoever listens at `url`; whoever answers with another address has not taken it.
    It covers all before it, so that a failure costs nothing once the next one arrives."""
    try:
        answer = outgoing.send(url, note.encode(), {"Content-Type": "text/plain; charset=utf-8"})
    except outgoing.NOT_ANSWERED as problem:
        log.warning("the checkpoint was not taken, the next one is tried: %s", type(problem).__name__)
        return False
    if not answer.taken:
        log.warning("the checkpoint was not taken, the next one is tried: HTTP %s", answer.status)
    return answer.taken


@contextmanager
def _opened(folder: Path) -> Iterator[BinaryIO]:
    """For one writer at a time, at the end of what is complete: a crash may have cut off the last note."""
    handle = os.open(folder / FILE, os.O_RDWR | os.O_CREAT, 0o644)
    with os.fdopen(handle, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(file.seek(0, os.SEEK_END) - _torn(_tail(file)))
        file.seek(0, os.SEEK_END)
        yield file


def _torn(tail: bytes) -> int:
    """How many bytes at the end belong to no complete note."""
    ends = [match.end() for match in END_OF_NOTE.finditer(tail)]
    return len(tail) - ends[-1] if ends else len(tail)


def _tail(file: BinaryIO) -> bytes:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - 2 * LONGEST_NOTE))
    return file.read()


def _last(file: BinaryIO) -> notes.Checkpoint | None:
    found = list(notes.notes_in(_tail(file).decode(errors="replace").splitlines(keepends=True)))
    file.seek(0, os.SEEK_END)
    return notes.read(found[-1]) if found else None


def _later_than(last: notes.Checkpoint | None) -> Iterator[str]:
    known = last.size if last and last.origin == sealer.origin() else 0
    query = select(Seal.checkpoint).where(Seal.size > known).order_by(Seal.number)
    yield from db.session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE))
