"""What came in from WhatsApp, kept raw; what it says of our account; and when it was last heard of."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, text
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
    around: Mapped[bytes | None] = mapped_column(LargeBinary)
    """Of a dead letter: JSON of what stood beside it in its delivery (account, time, contact)."""
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody last tried a dead letter again."""
    tried_by: Mapped[str | None] = mapped_column(String(40))
    aside_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody put a dead letter aside: it is kept, and nobody waits for it any more."""
    aside_by: Mapped[str | None] = mapped_column(String(40))
    aside_note: Mapped[str] = mapped_column(Text, default="", server_default=text("''"))

    missed: Mapped[str | None] = mapped_column(String(10))
    """Set while a text that came with the keywords switched off waits for a person (see `missed`)."""

    __table_args__ = (
        Index("ix_inbound_messages_received_at", "received_at"),
        Index(
            "ix_inbound_messages_missed",
            "missed",
            "id",
            sqlite_where=text("missed IS NOT NULL"),
            postgresql_where=text("missed IS NOT NULL"),
        ),
        Index(
            "ix_inbound_messages_dead",
            "id",
            sqlite_where=text("failure IS NOT NULL"),
            postgresql_where=text("failure IS NOT NULL"),
        ),
    )


class AccountSignalRow(db.Model):
    """The latest word of WhatsApp's on one subject about this account (see `items.AccountSignal`)."""

    __tablename__ = "account_signals"

    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    tone: Mapped[str] = mapped_column(String(10))
    sentence: Mapped[str] = mapped_column(Text)
    advice: Mapped[str] = mapped_column(Text, default="")
    told_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """When WhatsApp said so; what it said before comes too late."""


class WebhookWatch(db.Model):
    """When the webhook was last heard of: exactly one row."""

    __tablename__ = "webhook_watch"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    alarm_hours: Mapped[int] = mapped_column(default=24)
    """So long a silence is an alarm."""
    heard_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """A delivery with a valid signature that held nothing new; newer ones stand in `inbound_messages`."""
    refused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The last delivery whose signature was missing or wrong."""
    refused_total: Mapped[int] = mapped_column(default=0)
    logged_for: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """The last delivery before the silence that the log has told of."""

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)
