"""Can the journal be written, and does it tell of the stops that no backup holds yet?"""

import mmap
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import UnaryExpression, asc, desc, exists, select
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
    """From the end of the file on, where the newest entries are."""
    try:
        with file.open("rb") as journal, mmap.mmap(journal.fileno(), 0, access=mmap.ACCESS_READ) as lines:
            return sum(lines.rfind(b'"event":%d,"customer":%d,' % each) >= 0 for each in stopped)
    except (OSError, ValueError):  # an empty file cannot be mapped
        return 0
