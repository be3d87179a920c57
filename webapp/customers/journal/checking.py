"""Can the journal be written, and does it tell of the stops that no backup holds yet?"""

import mmap
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import UnaryExpression, asc, desc, exists, select
from sqlalchemy.orm import aliased

from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Effect, Kind, Source, Status
from webapp.customers.journal import log
from webapp.extensions import db

LOOKED_THROUGH = 2000
"""Events at either end; in the midst of more than that a hole is not seen."""
LOOKED_FOR = 50
NAMED = re.compile(rb'"event":\d+,"customer":\d+,')
FEW = 5
PORTION = 1024**2
"""Bytes that are read at once; others of the process have their turn in between."""
Stopped = tuple[int, int]
"""An event and its customer."""


def why_not_written(folder: Path) -> OSError | None:
    """What the next stop would meet. The journal itself stays as it is: it only grows, for whoever copies it.

    A file without a name takes what an entry would need, for a full disk shows itself only then.
    """
    try:
        with suppress(FileNotFoundError):
            os.close(os.open(folder / log.FILE, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))
        _try(folder)
    except OSError as problem:
        return problem
    return None


def _try(folder: Path) -> None:
    with tempfile.TemporaryFile(dir=folder) as trial:
        trial.write(b"\n" * mmap.PAGESIZE)
        trial.flush()
        os.fsync(trial)


def lacking(folder: Path, since: datetime) -> int:
    """How many opt-outs recorded since then it does not tell of, among the first and the newest ones."""
    stopped = {*_stopped(since, asc)[:1], *_stopped(since, desc)}
    return len(stopped) - _told(folder / log.FILE, stopped)


def _stopped(since: datetime, order: Callable[[Any], UnaryExpression[Any]]) -> Sequence[Stopped]:
    """Opt-outs that are the last word on their customer, so that an entry is about them and no other. What
    the system says came out of the journal."""
    by_time = order(ConsentEvent.recorded_at), order(ConsentEvent.id)
    recorded = select(ConsentEvent).where(ConsentEvent.recorded_at >= since).order_by(*by_time)
    some = aliased(ConsentEvent, recorded.limit(LOOKED_THROUGH).subquery())
    later = aliased(ConsentEvent)
    newer = exists().where(later.customer_id == some.customer_id, later.id > some.id)
    opt_out = some.kind == Kind.CONSENT, some.status == Status.OPTED_OUT, some.effect == Effect.CHANGED
    query = select(some.id, some.customer_id).where(*opt_out, some.source != Source.SYSTEM, ~newer)
    by_time = order(some.recorded_at), order(some.id)
    return [tuple(row) for row in db.session.execute(query.order_by(*by_time).limit(LOOKED_FOR))]


def _told(file: Path, stopped: Iterable[Stopped]) -> int:
    """How many of them the file names; read once, whatever is missing."""
    left = wanted = {b'"event":%d,"customer":%d,' % each for each in stopped}
    try:
        with file.open("rb") as journal:
            for lines in _from_the_end(journal):
                left = left - _named(lines, left)
                if not left:
                    break
    except OSError:
        return 0
    return len(wanted) - len(left)


def _named(lines: bytes, wanted: set[bytes]) -> set[bytes]:
    """Which of them stand there: a few are looked for one by one, as that is faster."""
    if len(wanted) <= FEW:
        return {each for each in wanted if each in lines}
    return wanted.intersection(NAMED.findall(lines))


def _from_the_end(journal: BinaryIO) -> Iterator[bytes]:
    """Whole lines, the last ones first. Not mapped into memory: who cuts the file meanwhile ends nobody."""
    start, cut = journal.seek(0, os.SEEK_END), b""
    while start:
        end, start = start, max(0, start - PORTION)
        journal.seek(start)
        portion = journal.read(end - start) + cut
        cut, _, lines = portion.partition(b"\n") if start else (b"", b"", portion)
        yield lines
