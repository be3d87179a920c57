"""Disclosures: who was given personal data out of the desk, which and when. The caller commits."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import BigId, UtcDateTime
from webapp.extensions import db


class Disclosure(db.Model):
    """One file or page of personal data that somebody took out."""

    __tablename__ = "disclosures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    customer_id: Mapped[int | None] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), index=True
    )
    """Whose data, if one person's."""
    filter: Mapped[str] = mapped_column(Text, default="")
    """What was asked for, in words without a number."""
    rows: Mapped[int | None]
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def note(
    kind: str,
    *,
    customer_id: int | None = None,
    filter: str = "",
    rows: int | None = None,
    actor: str,
    now: datetime,
) -> Disclosure:
    """Put a disclosure on record."""
    row = Disclosure(kind=kind, customer_id=customer_id, filter=filter, rows=rows, actor=actor, at=now)
    db.session.add(row)
    db.session.flush()
    return row
