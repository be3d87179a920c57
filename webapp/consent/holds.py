"""The messages that wait for a person."""

from sqlalchemy import func, select

from webapp.consent.models import Hold
from webapp.extensions import db


def open_count() -> int:
    """How many messages nobody has decided on yet."""
    return db.session.scalar(select(func.count()).select_from(Hold).where(Hold.decided_at.is_(None))) or 0
