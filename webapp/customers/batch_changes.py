"""What a batch changed of customers besides their consent, so that it can be taken back with the batch."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import Json
from webapp.extensions import db


class BatchChange(db.Model):
    """One customer whom a batch created, or of whom it changed something.

    `change` holds, where it applies, `added` and `removed` (ids of tags that the customer had not, or had),
    `attributes` (by the id of the attribute the display values before and after, null for none), `named` (the
    name that was filled), `identities` (ids of addresses that were added) and `joined` (ids of segments into
    which the customer came). Of a customer whom the batch created nothing is listed: all of it came with the
    batch.
    """

    __tablename__ = "batch_changes"

    customer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True
    )
    batch_id: Mapped[int] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"), primary_key=True)
    created: Mapped[bool] = mapped_column(default=False)
    change: Mapped[Any | None] = mapped_column(Json)

    __table_args__ = (
        Index("ix_batch_changes_batch_id", "batch_id", "customer_id"),
        {"sqlite_with_rowid": False},
    )
