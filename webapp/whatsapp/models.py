"""What came in from WhatsApp, kept raw."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import BigId, UtcDateTime
from webapp.extensions import db


class InboundMessage(db.Model):
    """One item of a delivery; its key makes a repeated delivery end where it began."""

    __tablename__ = "inbound_messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(300), unique=True)
    kind: Mapped[str] = mapped_column(String(30))
    field: Mapped[str] = mapped_column(String(60), default="")
    phone_number_id: Mapped[str | None] = mapped_column(String(60))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    occurred_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), index=True
    )
    decision: Mapped[str] = mapped_column(String(20), default="")
    """What was made of it: opt_out, opt_in, review, none, not_ours; empty for a dead letter."""
    matched: Mapped[str] = mapped_column(Text, default="")
    rule_version: Mapped[str] = mapped_column(String(20), default="")
    failure: Mapped[str | None] = mapped_column(Text)
    """Why this item could not be applied; it is a dead letter then."""

    __table_args__ = (
        Index("ix_inbound_messages_received_at", "received_at"),
        Index(
            "ix_inbound_messages_dead",
            "id",
            sqlite_where=text("failure IS NOT NULL"),
            postgresql_where=text("failure IS NOT NULL"),
        ),
    )
