"""What is an alarm at present, and whether somebody outside was told."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import UtcDateTime
from webapp.extensions import db


class Alarm(db.Model):
    """Something of Status that is an alarm; the row goes once its end was told."""

    __tablename__ = "alarms"

    id: Mapped[str] = mapped_column(String(60), primary_key=True)
    """Of the line of Status, the same at each time."""
    name: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(10))
    words: Mapped[str] = mapped_column(Text)
    advice: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the address took it; None while nobody outside knows."""
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it is over; back within a while, it never was."""
    tries: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failure: Mapped[str] = mapped_column(Text, default="")
    """Why the address did not take it, as a sentence."""

    __table_args__ = (CheckConstraint("severity IN ('warning', 'critical')", name="severity"),)
