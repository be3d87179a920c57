"""How the dry run and the import go on: portion after portion for a while, then somebody else goes on.

Whoever goes through a file holds a lease on it. What is written says in the same transaction how far it is
and that the lease is still one's own, so that after any crash nothing is lost and nothing comes twice.
Everything here commits as it goes.
"""

import logging
import os
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp.consent.models import Batch
from webapp.customers.attributes.attributes import MalformedAttribute
from webapp.customers.erasure.suppressions import WrongKey
from webapp.customers.importing import Run, UnusableFile
from webapp.customers.importing.rejects import Rejects
from webapp.customers.importing.run import MOST_ROWS
from webapp.customers.importing.table_file import Record
from webapp.database import reading, writing
from webapp.extensions import db
from webapp.imports import options, refused, uploads
from webapp.imports.looking import Table
from webapp.imports.models import AT_WORK, LEASE, Import, ImportState, unleased
from webapp.imports.options import Options
from webapp.imports.outcome import Outcome

log = logging.getLogger(__name__)

SECONDS = 5.0
"""For which one task goes on, so that a worker that is to stop can, and others get their turn."""
MOST_TRIES = 5
GONE_WRONG = "It broke off {} times at one place; the log of the worker tells why. Nothing came in twice."
LOST_FILE = "The file is gone from the data folder. Bring it once more."


class Lost(Exception):
    """Somebody else goes on with this file, or it was taken away; whatever was not committed is undone."""


class Pause(Exception):
    """The file is not at its end, and somebody else goes on: the refused rows so far stay open."""


def go_on(import_id: int, clock: Callable[[], datetime], seconds: float | None = None) -> bool:
    """Go on with a file for a while, if nobody else does; whether there is more to do."""
    runner = secrets.token_hex(16)
    if not _claim(import_id, runner, clock()):
        return False
    time_given = SECONDS if seconds is None else seconds
    turn = Turn(db.session.get_one(Import, import_id), runner, clock, time_given)
    try:
        return turn.go()
    except Lost:
        db.session.rollback()
        return False
    except (UnusableFile, MalformedAttribute, WrongKey, FileNotFoundError) as fault:
        db.session.rollback()
        with suppress(Lost):
            turn.fail(_sentence(fault))
        return False


def _claim(import_id: int, runner: str, now: datetime) -> bool:
    mine = update(Import).where(Import.id == import_id, Import.state.in_(AT_WORK), unleased(now))
    lease = {"runner": runner, "leased_until": now + LEASE, "tries": Import.tries + 1}
    db.session.rollback()
    with writing():
        claimed = db.session.execute(mine.values(lease)).rowcount == 1
        db.session.commit()
    return claimed


def _sentence(fault: Exception) -> str:
    return LOST_FILE if isinstance(fault, FileNotFoundError) else str(fault)


@dataclass
class Turn:
    """One runner's time with a file. The row is read once; what changes of it is written by statements."""

    row: Import
    runner: str
    clock: Callable[[], datetime]
    seconds: float
    began: float = 0.0
    cancelled: bool = False
    id: int = field(init=False)
    state: str = field(init=False)
    tries: int = field(init=False)
    batch_id: int | None = field(init=False)
    actor: str = field(init=False)
    stored: str = field(init=False)
    phase_began: datetime | None = field(init=False)
    said: Options = field(init=False)
    outcome: Outcome = field(init=False)
    table: Table = field(init=False)
    """The file behind what was taken before."""

    def __post_init__(self) -> None:
        row = self.row
        self.id, self.state, self.batch_id, self.actor = row.id, row.state, row.batch_id, row.actor
        self.stored, self.phase_began, self.tries = row.stored, row.began_at, row.tries
        self.said = Options.of_json(row.options)
        self.outcome = Outcome.of_json(row.counts) if row.counts else Outcome(dry_run=not row.batch_id)
        db.session.rollback()

    def go(self) -> bool:
        if self.tries > MOST_TRIES:
            self.fail(GONE_WRONG.format(MOST_TRIES))
            return False
        if not uploads.path(self.stored).exists():
            raise FileNotFoundError
        self.table = options.table(uploads.path(self.stored), self.said, behind=self.outcome.line)
        return self._check() if self.state == ImportState.CHECKING else self._bring()

    def fail(self, why: str) -> None:
        """End it here, and say why."""
        self._end(ImportState.FAILED, failed_why=why)

    def _check(self) -> bool:
        """A dry run; a whole one says how many rows there are."""
        run = self._run(None)
        run.portion = MOST_ROWS
        with reading():
            ended = run.go(progress=self._note)
        if not ended:
            return self._hand_over()
        told = {"total": self.outcome.rows, "counts": self.outcome.as_json()}
        self._put(state=ImportState.CHECKED, **told, **self._nobodys())
        return False

    def _bring(self) -> bool:
        """The import itself."""
        self._prepare_refused()
        listed = HeldRejects(
            self.table, uploads.refused_path(self.stored), self.outcome.rejects_bytes or None, self._hold
        )
        try:
            with listed:
                ended = self._run(listed).go()
                if not ended and not self.cancelled:
                    raise Pause
        except Pause:
            return self._hand_over()
        self._end(ImportState.FINISHED if ended else ImportState.CANCELLED)
        return False

    def _run(self, listed: Rejects | None) -> Run:
        types = options.types(self.said, self.table)
        db.session.rollback()
        return Run(
            self.table, options.defaults(self.said), types, self.actor, self.clock(), self.outcome, listed,
            batch_id=self.batch_id, checkpoint=self._keep, should_stop=self._is_over,
        )  # fmt: skip

    def _prepare_refused(self) -> None:
        """As the last checkpoint left the refused rows; they have their final name when only the last commit
        is missing."""
        part, whole = uploads.part_path(self.stored), uploads.refused_path(self.stored)
        if whole.exists() and not part.exists():
            whole.rename(part)
        if self.outcome.rejects_bytes:
            os.truncate(part, self.outcome.rejects_bytes)

    def _is_over(self) -> bool:
        """Asked between two portions. The time counts from the first one: those before were only passed."""
        first, self.began = not self.began, self.began or time.monotonic()
        if self.batch_id:
            stopped = select(Batch.cancelled_at).where(Batch.id == self.batch_id)
            self.cancelled = db.session.scalar(stopped) is not None
            db.session.rollback()
        return self.cancelled or (not first and time.monotonic() - self.began > self.seconds)

    def _hold(self) -> None:
        """Nobody else can take the file over until the commit. Raises Lost."""
        held = select(Import.id).where(*self._mine()).with_for_update()
        if db.session.scalar(held) is None:
            raise Lost

    def _note(self, _rows: int) -> None:
        """How far the dry run is. What was told of somebody who was erased meanwhile is not kept."""
        with writing():
            if refused.erased_since(self.phase_began):
                self.outcome.forget_words()
            self._keep(self.outcome)
            db.session.commit()

    def _keep(self, report: Any) -> None:
        """How far it is, in the transaction of the portion. Raises Lost."""
        lease = {"leased_until": self.clock() + LEASE, "tries": 0}
        moved = update(Import).where(*self._mine())
        report.line = self.table.reached[0]
        values = {"done": report.rows, "counts": report.as_json(), **lease}
        if db.session.execute(moved.values(values)).rowcount != 1:
            raise Lost

    def _mine(self) -> tuple[Any, ...]:
        return Import.id == self.id, Import.runner == self.runner, Import.state == self.state

    def _hand_over(self) -> bool:
        self._put(**self._nobodys())
        return True

    def _nobodys(self) -> dict[str, Any]:
        return {"runner": None, "leased_until": None}

    def _end(self, state: ImportState, failed_why: str = "") -> None:
        """The file is not needed any more; the refused rows are, for a while."""
        now = self.clock()
        ended = {"state": state, "ended_at": now, "failed_why": failed_why, **self._nobodys()}
        self._put(fails=failed_why if self.batch_id else "", **ended)
        part, whole = uploads.part_path(self.stored), uploads.refused_path(self.stored)
        if part.exists() and self.outcome.listed:
            part.rename(whole)
        uploads.forget(self.stored)
        if whole.exists() and refused.erased_since(self.phase_began):
            refused.forget_erased(whole)

    def _put(self, fails: str = "", **values: Any) -> None:
        """Write this in a transaction of its own. Raises Lost."""
        with writing():
            if db.session.execute(update(Import).where(*self._mine()).values(values)).rowcount != 1:
                raise Lost
            if fails:
                failed = update(Batch).where(Batch.id == self.batch_id).values(failed_why=fails)
                db.session.execute(failed)
            db.session.commit()


class HeldRejects(Rejects):
    """Refused rows are only written by who holds the lease: the file is no part of the transaction."""

    def __init__(self, table: Any, path: Any, resume_at: int | None, hold: Callable[[], None]) -> None:
        super().__init__(table, path, resume_at)
        self._hold = hold

    def add_all(self, listed: list[tuple[Record, str]], behind: int) -> int:
        self._hold()
        return super().add_all(listed, behind)
