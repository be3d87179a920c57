"""What the desk remembers of a change of many customers while the worker goes through them."""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Json
from webapp.extensions import db


class BatchRun(db.Model):
    """What a bulk change or a revert does, and what became of it so far.

    Its numbers move in the transaction that changes the customers, so that whoever goes on after a crash
    knows where.
    """

    __tablename__ = "batch_runs"

    batch_id: Mapped[int] = mapped_column(
        ForeignKey("batches.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    key: Mapped[str | None] = mapped_column(String(32), unique=True)
    """Of the dialog that asked for it: a second click is the same change. None for a revert."""
    action: Mapped[str] = mapped_column(String(20))
    what: Mapped[Any] = mapped_column(Json)
    """What the action needs: the tags, the value, the segment, the evidence; for a revert where it is."""
    changed: Mapped[int] = mapped_column(BigInteger, default=0)
    """Customers whom it changed."""
    removed: Mapped[int] = mapped_column(BigInteger, default=0)
    """Customers whom a revert removed for good."""
    on_the_way: Mapped[int] = mapped_column(BigInteger, default=0)
    """Messages that had started before their customers were opted out."""
    kept: Mapped[Any] = mapped_column(Json, default=dict)
    """What a revert left as it was: how many by the word of the reason."""


class BulkMember(db.Model):
    """A customer whom a bulk change has still to reach; the row goes when it was."""

    __tablename__ = "bulk_members"

    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"), primary_key=True)
    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True, index=True
    )

    __table_args__ = ({"sqlite_with_rowid": False},)
