"""What the desk remembers of having been restored."""

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import BigId, Json, UtcDateTime
from webapp.extensions import db


class Restore(db.Model):
    """One time that a backup was put back: what differed, and who let the desk send again."""

    __tablename__ = "restores"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    backup_at: Mapped[datetime] = mapped_column(UtcDateTime)
    restored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    journal_mark: Mapped[str] = mapped_column(String(64))
    """The last entry of the opt-out journal that is in this database from then on; "" without any."""
    found: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    """The difference, in numbers (see `backups.difference`)."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    confirmed_by: Mapped[str | None] = mapped_column(String(40))
