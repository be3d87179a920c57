"""What a restore would have: the journal of opt-outs, and a backup that is not too old."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta

from webapp.config import Settings
from webapp.customers.journal import backed_up, checking
from webapp.formatting import ago
from webapp.status.line import BAD, GOOD, WARNING, Line, count, named

WITHOUT_BACKUP = timedelta(hours=1)
"""How far back the journal is compared in a desk that was never backed up; no trimming takes that away."""
REPEAT_NOTHING = (
    "A restore could not repeat them: run heed backup now, then find out who replaced or cut the file."
)
NOBODY_LOOKS = "No alarm rings when that gets old: HEED_BACKUP_HOURS is not set."


def lines(settings: Settings, now: datetime) -> Iterator[Line]:
    last = backed_up.last()
    yield _journal(settings, last or now - WITHOUT_BACKUP)
    yield _backup(settings, last, now)


def _journal(settings: Settings, since: datetime) -> Line:
    line = named("journal", "Opt-out journal")
    if problem := checking.why_not_written(settings.data_dir):
        why = os.strerror(problem.errno) if problem.errno else type(problem).__name__
        words = f"opt-outs.log cannot be written: {why}. No opt-out is stored; webhooks are answered 503."
        return line(BAD, words, "Make HEED_DATA_DIR writable, or make room: WhatsApp sends again for days.")
    if n := checking.lacking(settings.data_dir, since):
        words = f"opt-outs.log lacks {count(n, 'opt-out', 'opt-outs')} of after the last backup."
        return line(BAD, words, REPEAT_NOTHING)
    return line(GOOD, "It can be written, and tells of the newest opt-outs.")


def _backup(settings: Settings, last: datetime | None, now: datetime) -> Line:
    line, limit = named("backup", "Backup"), settings.backup_may_be_old
    words = f"heed backup made the last one {ago(last, now)}." if last else "heed backup has made none yet."
    if not limit:
        return line(GOOD, f"{words} {NOBODY_LOOKS}")
    if last is None or now - last > limit:
        return line(
            WARNING, words, "Run heed backup, and find out why it did not run: cron, disk, exit code."
        )
    return line(GOOD, words)
