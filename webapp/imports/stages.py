"""A file goes from its upload to its import: what somebody decides about it. The caller commits.

Each step holds the row, so that of two people who press a button one is first and the other sees what it is.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, select

from webapp.bulk import running as batch_running
from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.consent.models import Batch
from webapp.extensions import db
from webapp.imports.models import AT_WORK, ENDED, Import, ImportState, unleased
from webapp.imports.options import Options
from webapp.imports.uploads import Stored

BEFORE_ITS_START = (ImportState.UPLOADED, ImportState.CHECKING, ImportState.CHECKED)
ABANDONED_AFTER = timedelta(days=7)
REFUSED_ROWS_KEPT = timedelta(days=30)


class Elsewhere(Exception):
    """The import is at another step by now: somebody else was faster, or it is the second click."""


def create(file: Stored, options: Options, *, actor: str, now: datetime) -> Import:
    """A file that was stored, before anybody has said what its columns are."""
    made = Import(
        name=file.name, stored=file.stored, sha256=file.sha256, size=file.size, options=options.as_json(),
        state=ImportState.UPLOADED, total=max(file.lines - options.titled, 1), actor=actor, created_at=now,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    return made


def say(found: Import, options: Options) -> None:
    """Keep what somebody said of the file. Raises Elsewhere."""
    _demand(found, ImportState.UPLOADED)
    found.options = options.as_json()
    found.version += 1
    db.session.flush()


def begin_check(found: Import, options: Options, now: datetime) -> None:
    """Have a dry run made with these options. Raises Elsewhere."""
    say(found, options)
    _begin(found, ImportState.CHECKING, now)


def back(found: Import) -> None:
    """To the columns once more; what the dry run told is forgotten. Raises Elsewhere."""
    _demand(found, ImportState.CHECKED, ImportState.CHECKING)
    found.state, found.version, found.counts = ImportState.UPLOADED, found.version + 1, {}
    found.runner = found.leased_until = None
    db.session.flush()


def start(found: Import, *, version: int, actor: str, now: datetime) -> Batch:
    """Begin the import that somebody saw checked as this version. Raises Elsewhere."""
    _demand(found, ImportState.CHECKED)
    if found.version != version:
        raise Elsewhere
    batch = batches.open_batch(BatchKind.IMPORT, found.name, actor=actor, now=now)
    batch.total = found.total
    found.batch_id, found.actor = batch.id, actor
    _begin(found, ImportState.RUNNING, now)
    return batch


def cancel(found: Import, now: datetime) -> bool:
    """Stop it after the portion that is under way; False when it had ended. What came in stays."""
    batch = db.session.get(Batch, found.batch_id) if found.batch_id else None
    return batch is not None and batch_running.cancel(batch, now)


def discard(found: Import) -> str:
    """Forget a file of which nothing was imported; the name of what is to be removed from the disk after the
    commit. Raises Elsewhere."""
    _demand(found, *BEFORE_ITS_START)
    db.session.delete(found)
    db.session.flush()
    return found.stored


def discard_abandoned(now: datetime) -> list[str]:
    """Forget the files with which nobody went on for long; their names, as of `discard`."""
    left = Import.state.in_(BEFORE_ITS_START), Import.created_at < now - ABANDONED_AFTER
    return list(db.session.scalars(delete(Import).where(*left).returning(Import.stored)))


def past(now: datetime) -> list[str]:
    """The stored names of files whose refused rows were kept long enough."""
    long_ago = Import.ended_at < now - REFUSED_ROWS_KEPT
    return list(db.session.scalars(select(Import.stored).where(Import.state.in_(ENDED), long_ago)))


def known_files() -> dict[str, bool]:
    """The stored names of all, and whether the upload itself is still needed."""
    rows = db.session.execute(select(Import.stored, Import.state))
    return {row.stored: row.state not in ENDED for row in rows}


def waiting(now: datetime) -> list[int]:
    """Those that a lost queue or a crash left to somebody else, the oldest first."""
    left = select(Import.id).where(Import.state.in_(AT_WORK), unleased(now)).order_by(Import.id)
    return list(db.session.scalars(left))


def same_file(found: Import) -> Import | None:
    """The latest import of a file with the same content."""
    twin = Import.sha256 == found.sha256, Import.id != found.id, Import.state == ImportState.FINISHED
    return db.session.scalar(select(Import).where(*twin).order_by(Import.id.desc()).limit(1))


def newest_first(before: int | None) -> Select[Any]:
    query = select(Import).order_by(Import.id.desc())
    return query.where(Import.id < before) if before else query


def country_said_last() -> str:
    """Of the numbers of the latest import, for which it probably is the next time, too."""
    said = db.session.scalar(select(Import.options).order_by(Import.id.desc()).limit(1))
    return said["country"] if said else ""


def _begin(found: Import, state: ImportState, now: datetime) -> None:
    found.state, found.began_at, found.done, found.counts = state, now, 0, {}
    found.runner, found.leased_until, found.tries = None, None, 0
    db.session.flush()


def _demand(found: Import, *states: ImportState) -> None:
    """The row is this transaction's until its end, and at one of these steps."""
    mine = select(Import).where(Import.id == found.id).with_for_update()
    held = db.session.scalar(mine.execution_options(populate_existing=True))
    if held is None or held.state not in states:
        raise Elsewhere
