"""A database that was put back becomes a desk again: nothing is sent, the erasures and the opt-outs of after
the backup are repeated, and what differs is written down."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from webapp.backups.models import Restore
from webapp.backups.refusals import Refused
from webapp.campaigns import restored
from webapp.config import Settings
from webapp.consent.models import ConsentEvent
from webapp.customers.erasure import log as erasure_log
from webapp.customers.erasure import replay as erasure_replay
from webapp.customers.erasure.suppressions import WrongKey
from webapp.customers.journal import log, replay
from webapp.extensions import db
from webapp.formatting import instant


def replay_all(settings: Settings, backup_at: datetime | None, now: datetime, mark: str = "") -> Restore:
    """In the present database; safe to repeat. `backup_at` is as new as its ledger if nobody knows it; `mark`
    is the last entry that the journal had at the backup. The caller commits. Raises Refused when people who
    were erased cannot be told any more."""
    at = backup_at or db.session.scalar(select(func.max(ConsentEvent.recorded_at))) or now
    found: dict[str, Any] = {**restored.hold_back(at, now), "erased": _erase(settings, now)}
    file = settings.data_dir / log.FILE
    journal = log.read(file)
    read_before = _mark()
    told = replay.replay(journal.after(read_before), now)
    found |= {
        "entries": told.entries, "people": told.people, "unclaimed": told.unclaimed, "keyless": told.keyless,
        "journal": file.exists(), "unreadable": journal.unreadable,
        "gap": bool(mark) and mark not in journal.marks,
        "newest": instant(told.newest) if told.newest else "",
    }  # fmt: skip
    # Under the right key the others are found, too: whoever brings it repeats all of it.
    read = read_before if told.keyless else journal.mark
    made = Restore(backup_at=at, restored_at=now, journal_mark=read, found=found)
    db.session.add(made)
    return made


def last() -> Restore | None:
    return db.session.scalar(select(Restore).order_by(Restore.id.desc()).limit(1))


def _mark() -> str:
    """Up to where an earlier restore, which this database remembers, has read the journal."""
    before = last()
    return before.journal_mark if before else ""


def _erase(settings: Settings, now: datetime) -> int:
    file = settings.data_dir / erasure_log.FILE
    entries = erasure_log.read(file).entries if file.exists() else []
    try:
        return erasure_replay.replay(entries, now) if entries else 0
    except WrongKey as refusal:
        raise Refused(str(refusal)) from None
