"""Endpoints, the messages that wait for them or were sent, and the outbox that says what may be taken."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import NEVER_AGAIN, BigId, Json, UtcDateTime
from webapp.extensions import db


class EventType(StrEnum):
    CONSENT = "consent.changed"
    PLATFORM_STOP = "platform_stop.changed"
    HOLD = "hold.changed"
    SUPPRESSED = "delivery.suppressed"


TEST = "heed.test"
"""The type of a trial: every endpoint gets it, when somebody asks for it."""


class MessageState(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """A trial that was not taken; it is not repeated."""
    DROPPED = "dropped"
    """Somebody moved the endpoint to another place in the ledger before it was taken."""


class Endpoint(db.Model):
    """One other system's URL that wants our events."""

    __tablename__ = "endpoints"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(16))
    """Random, in all message ids: of two desks that report to one receiver none seems to repeat the other."""
    name: Mapped[str] = mapped_column(String(80))
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str]] = mapped_column(Json)
    with_phone: Mapped[bool] = mapped_column(default=False)
    locked_secret: Mapped[str] = mapped_column(String(200))
    """What signs for it, as the `keyring` keeps it."""
    locked_old_secret: Mapped[str | None] = mapped_column(String(200))
    """The one before the last rotation; it signs too, until `old_secret_until`."""
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cursor: Mapped[int] = mapped_column(BigId)
    """The last event of the ledger that was taken for it, or passed over."""
    notes_cursor: Mapped[int] = mapped_column(BigId)
    """The same for the notes of suppressed deliveries."""
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    off_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When Heed switched it off, because it took nothing for days or said that it is gone."""
    off_reason: Mapped[str] = mapped_column(Text, default="")
    """Why, as a sentence for people."""
    lease_token: Mapped[str | None] = mapped_column(String(16))
    """Of the worker that sends to it at present, and until when that may be thought to live."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(40))

    __table_args__ = (NEVER_AGAIN,)

    @property
    def takes(self) -> bool:
        """Whether messages are sent to it now."""
        return self.paused_at is None and self.off_at is None


class EndpointMessage(db.Model):
    """One event for one endpoint: what was or will be sent, and what came back.

    Numbers of customers are put in only when it is sent, so that none is kept here.
    """

    __tablename__ = "endpoint_messages"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("endpoints.id", ondelete="CASCADE"))
    webhook_id: Mapped[str] = mapped_column(String(60))
    """The same for each attempt, and for each time that the event is sent again."""
    type: Mapped[str] = mapped_column(String(30))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(10), default=MessageState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    tries: Mapped[int] = mapped_column(default=0)
    """Attempts of the present round: a resumed endpoint, or a message sent again, begins anew."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[int | None]
    """Of the last answer; None when there was none."""
    answer: Mapped[str] = mapped_column(Text, default="")
    """Its first characters."""
    failure: Mapped[str] = mapped_column(Text, default="")
    """Why the last attempt was none that counts, as a sentence for people."""

    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(s.value) for s in MessageState)})", name="state"),
        Index("ix_endpoint_messages_endpoint_id", "endpoint_id", "id"),
        Index(
            "ix_endpoint_messages_waiting",
            "endpoint_id",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )


class Outbox(db.Model):
    """How far the ledger may be read without missing what is committed late: exactly one row.

    Whoever writes it holds its lock until the commit, so that one worker at a time moves it and adds notes.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    settled_id: Mapped[int] = mapped_column(BigId)
    """All events up to this one are committed, or never will be."""
    fence_id: Mapped[int | None] = mapped_column(BigId)
    """The same will be true of this one when none of `fence_holders` runs any more."""
    fence_holders: Mapped[list[str]] = mapped_column(Json, default=list)

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


class SuppressionNote(db.Model):
    """A suppressed delivery, in the order in which Heed noticed it: deliveries have no such order of their
    own, for one that was queued early may be left out late."""

    __tablename__ = "suppression_notes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), unique=True)
    noted_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
