"""Somebody looked at what differs and lets the desk send again. The caller commits."""

from datetime import datetime

from sqlalchemy import update

from webapp.backups.models import Restore
from webapp.campaigns import switch
from webapp.extensions import db


def confirm(actor: str, now: datetime) -> bool:
    """False when somebody else was faster, or nobody had to."""
    if not switch.confirm(actor=actor, now=now):
        return False
    open_ones = update(Restore).where(Restore.confirmed_at.is_(None))
    db.session.execute(open_ones.values(confirmed_at=now, confirmed_by=actor))
    return True
