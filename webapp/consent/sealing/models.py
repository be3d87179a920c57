"""Seals in the database. `SealedEvent` and `Seal` are append-only like the ledger, by triggers."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import BigId, UtcDateTime
from webapp.extensions import db


class LedgerOrigin(db.Model):
    """The name of this ledger in its checkpoints: one row, drawn with the first seal."""

    __tablename__ = "ledger_origin"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(40))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class SealedEvent(db.Model):
    """Which event has which place among all that are sealed. Places count from 1, without a gap."""

    __tablename__ = "sealed_events"

    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey("consent_events.id", ondelete="RESTRICT"), unique=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary(16))
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))
    """The hash that went into the tree: it tells which event of a seal was changed."""


class Seal(db.Model):
    """The events from position `first` to `size`, under one root, chained to the seal before and signed."""

    __tablename__ = "seals"

    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    first: Mapped[int] = mapped_column(BigId)
    size: Mapped[int] = mapped_column(BigId)
    """How many events are sealed with this seal and all before it."""
    latest_event_id: Mapped[int] = mapped_column(BigId)
    """The highest id of an event in this seal and all before it."""
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    chain: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    key_id: Mapped[str] = mapped_column(String(8))
    checkpoint: Mapped[str] = mapped_column(Text)
    """The signed note (`notes`), which names the public key."""

    __table_args__ = (Index(None, "key_id", "number"),)


class LedgerCheck(db.Model):
    """One verification of the ledger and what it found."""

    __tablename__ = "ledger_checks"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ran_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ran_by: Mapped[str] = mapped_column(String(40))
    events: Mapped[int] = mapped_column(BigId)
    seals: Mapped[int] = mapped_column(BigId)
    disputed: Mapped[int] = mapped_column(BigId)
    """Customers that it found to differ from their history and stopped marketing to."""
    fault: Mapped[str | None] = mapped_column(Text)
    """The first one, as a sentence; None when all is whole."""
