"""The kill switch: four places from which sending is stopped, and one question whether it is."""

from datetime import datetime

from sqlalchemy import select

from webapp.campaigns.models import Sending
from webapp.config import Settings
from webapp.extensions import db

FILE = "sending.off"
"""A file of this name in the data folder stops all sending; whoever can reach the disk can do it."""


def current() -> Sending:
    """What governs sending; a migration wrote the row."""
    return db.session.scalars(select(Sending)).one()


def set_enabled(enabled: bool, *, actor: str, now: datetime) -> Sending:
    """Stop all sending, or allow it again. What is already on the wire cannot be called back."""
    sending = db.session.scalars(
        select(Sending).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()
    if sending.enabled != enabled:
        sending.enabled, sending.changed_at, sending.changed_by = enabled, now, actor
    return sending


def outside(settings: Settings) -> str:
    """Why this machine does not send, whatever the database says; "" when it may."""
    if not settings.sending:
        return "HEED_SENDING is off."
    if (settings.data_dir / FILE).exists():
        return f"The file {FILE} lies in the data folder."
    return ""


def off(settings: Settings) -> str:
    """Why nothing is sent, as a sentence; "" when sending is on."""
    return outside(settings) or ("" if current().enabled else "Sending was switched off.")
