"""Can the journal be written, and does it tell of the stops that no backup holds yet?"""

import mmap
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import aliased

from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Effect, Kind, Source, Status
from webapp.customers.journal import log
from webapp.extensions import db

TRIAL = "opt-outs.try"
LOOKED_THROUGH = 2000
"""Events at either end; in the midst of more than that a hole is not seen."""
LOOKED_FOR = 50
Stopped = tuple[int, int]
"""An event and its customer."""


def why_not_written(folder: Path) -> OSError | None:
    """What the next stop would meet. The journal itself stays as it is: it only grows, for whoever copies it.

    A second file takes what an entry would need, for a full disk shows itself only then.
    """
    try:
        with suppress(FileNotFoundError):
            os.close(os.open(folder / log.FILE, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))
        _try(folder / TRIAL)
    except OSError as problem:
        return problem
    return None


def _try(file: Path) -> None:
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, log.PRIVATE), "wb") as trial:
            trial.write(b"\n" * mmap.PAGESIZE)
            trial.flush()
            os.fsync(trial)
    finally:
        file.unlink(missing_ok=True)


def lacking(folder: Path, since: datetime) -> int:
    """How many opt-outs recorded since then it does not tell of, among the first and the newest ones."""
    stopped = {*_stopped(since, ConsentEvent.id.asc())[:1], *_stopped(since, ConsentEvent.id.desc())}
    return len(stopped) - _told(folder / log.FILE, stopped)


def _stopped(since: datetime, order: ColumnElement[int]) -> Sequence[Stopped]:
    """Opt-outs that are the last word on their customer, so that an entry is about them and no other. What
    the system says came out of the journal."""
    some = select(ConsentEvent.id).where(ConsentEvent.recorded_at >= since).order_by(order)
    later = aliased(ConsentEvent)
    newer = exists().where(later.customer_id == ConsentEvent.customer_id, later.id > ConsentEvent.id)
    query = (
        select(ConsentEvent.id, ConsentEvent.customer_id)
        .where(ConsentEvent.id.in_(some.limit(LOOKED_THROUGH)), ConsentEvent.kind == Kind.CONSENT)
        .where(ConsentEvent.status == Status.OPTED_OUT, ConsentEvent.effect == Effect.CHANGED)
        .where(ConsentEvent.source != Source.SYSTEM, ~newer)
    )
    return [tuple(row) for row in db.session.execute(query.order_by(order).limit(LOOKED_FOR))]


def _told(file: Path, stopped: Iterable[Stopped]) -> int:
    """From the end of the file on, where the newest entries are."""
    try:
        with file.open("rb") as journal, mmap.mmap(journal.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            return sum(lines.rfind(b'"event":%d,"customer":%d,' % each) >= 0 for each in stopped)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return 0
