"""What the desk remembers of a file that somebody brings: what its columns are, and how far its import is."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, ForeignKey, String, Text, or_
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import BigId, Json, UtcDateTime
from webapp.extensions import db


class ImportState(StrEnum):
    UPLOADED = "uploaded"
    """Somebody says what the columns mean."""
    CHECKING = "checking"
    """A dry run is under way."""
    CHECKED = "checked"
    """The dry run told what would happen; somebody decides."""
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


AT_WORK = (ImportState.CHECKING, ImportState.RUNNING)
LEASE = timedelta(seconds=60)
ENDED = (ImportState.FINISHED, ImportState.CANCELLED, ImportState.FAILED)


class Import(db.Model):
    """One file. The numbers of a run move in the transactions that write its rows, so that whoever goes on
    after a crash knows where."""

    __tablename__ = "imports"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    """Of the file, as people read it."""
    stored: Mapped[str] = mapped_column(String(40), unique=True)
    """Of the file in the data folder; the upload goes at the end, the refused rows stay for a while."""
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int] = mapped_column(BigInteger)
    """Bytes."""
    options: Mapped[Any] = mapped_column(Json)
    """See `options.Options`."""
    version: Mapped[int] = mapped_column(default=1)
    """Rises when the options change, so that nobody starts what a colleague has changed."""
    state: Mapped[str] = mapped_column(String(20), index=True)
    total: Mapped[int] = mapped_column(BigInteger)
    """Rows: counted by their lines at first, exact once they were checked."""
    done: Mapped[int] = mapped_column(BigInteger, default=0)
    """Rows of this phase that were gone through."""
    counts: Mapped[Any] = mapped_column(Json, default=dict)
    """The `outcome.Outcome` of this phase so far."""
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"), unique=True)
    actor: Mapped[str] = mapped_column(String(40))
    """Who brought the file; from its start on, who started the import."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When this phase began."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_why: Mapped[str] = mapped_column(Text, default="")
    """Why it ended before its end, as a sentence for people."""
    runner: Mapped[str | None] = mapped_column(String(32))
    """Who goes through it now, until `leased_until`; somebody else may go on after that."""
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    """Runners who came since a portion was last written."""

    __table_args__ = (
        CheckConstraint(
            "state IN ('uploaded', 'checking', 'checked', 'running', 'finished', 'cancelled', 'failed')",
            name="state",
        ),
    )


def unleased(now: datetime) -> ColumnElement[bool]:
    """Nobody is at this file. A lease longer than any was taken by a clock that was wrong."""
    until = Import.leased_until
    return or_(until.is_(None), until < now, until > now + 2 * LEASE)
