"""The kill switch: four places from which sending is stopped, and one question whether it is. Beside them a
desk that was restored or copied does not send until somebody has confirmed it."""

from datetime import datetime

from sqlalchemy import select, update

from webapp.campaigns import place
from webapp.campaigns.models import Sending
from webapp.config import Settings
from webapp.consent import ledger
from webapp.extensions import db
from webapp.formatting import instant

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
        ledger.record_policy({"sending": sending.enabled}, {"sending": enabled}, actor=actor, now=now)
        sending.enabled, sending.changed_at, sending.changed_by = enabled, now, actor
    return sending


class SendingChangedMeanwhile(Exception):
    """Somebody else saved the hours since they were read."""


def keep_hours(
    zone: str, window_from: int | None, window_until: int | None, *, version: int, actor: str, now: datetime
) -> None:
    """The workspace's zone and the hours of marketing, logged with the old and the new values.

    One conditional UPDATE decides between two editors; the second gets SendingChangedMeanwhile.
    """
    sending = current()
    before = {"zone": sending.zone, "window_from": sending.window_from, "window_until": sending.window_until}
    after = {"zone": zone, "window_from": window_from, "window_until": window_until}
    saved = db.session.execute(
        update(Sending)
        .where(Sending.version == version)
        .values(version=version + 1, changed_at=now, changed_by=actor, **after)
    )
    if saved.rowcount != 1:
        raise SendingChangedMeanwhile
    db.session.expire_all()
    if before != after:
        ledger.record_policy(before, after, actor=actor, now=now)


def outside(settings: Settings) -> str:
    """Why this machine does not send, whatever the database says; "" when it may."""
    if not settings.sending:
        return "HEED_SENDING is off."
    if (settings.data_dir / FILE).exists():
        return f"The file {FILE} lies in the data folder."
    return ""


def unconfirmed(sending: Sending) -> str:
    """Why somebody has to confirm first that this desk may send; "" when it may."""
    if sending.restored_from:
        return (
            f"This desk was restored from a backup of {instant(sending.restored_from)}; sending is off until "
            "an admin has confirmed it."
        )
    if sending.place not in (None, place.here()):
        return (
            "This desk is a copy, or was moved: it lives elsewhere than when it last sent. Sending is off "
            "until an admin has confirmed that no other desk sends in its place."
        )
    return ""


def settle_in() -> None:
    """A desk that never sent lives where it is now. The caller commits."""
    db.session.execute(update(Sending).where(Sending.place.is_(None)).values(place=place.here()))


def confirm(*, actor: str, now: datetime) -> bool:
    """Somebody has looked: this desk, as it is and where it is, may send; False when nobody had to. The
    switch stays as it is."""
    sending = db.session.scalars(
        select(Sending).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).one()
    if not unconfirmed(sending):
        return False
    ledger.record_policy({"sending_confirmed": False}, {"sending_confirmed": True}, actor=actor, now=now)
    sending.place, sending.restored_from = place.here(), None
    return True


def closed(sending: Sending) -> str:
    """Why the database lets nothing start, as a sentence; "" when it does not hold anything back."""
    return unconfirmed(sending) or ("" if sending.enabled else "Sending was switched off.")


def off(settings: Settings) -> str:
    """Why nothing is sent, as a sentence; "" when sending is on."""
    return outside(settings) or closed(current())
