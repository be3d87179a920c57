"""Stops of people whom a restored database does not know: they are kept by the hash of the address, and
whoever comes on record with it is stopped in the same transaction, whichever way they come."""

from collections.abc import Iterable
from datetime import datetime

from flask import current_app
from sqlalchemy import String, exists, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.customers.erasure import suppression_key
from webapp.customers.erasure.suppression_key import WrongKey
from webapp.customers.identities import survivor
from webapp.customers.journal.stopping import stop
from webapp.customers.models import Customer
from webapp.database import UtcDateTime
from webapp.extensions import db
from webapp.many_rows import among

ANY = "heed-unclaimed-stops"


class UnclaimedStop(db.Model):
    """One stop of one address that nobody on record had."""

    __tablename__ = "unclaimed_stops"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    stop: Mapped[str] = mapped_column(String(20), primary_key=True)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody came with that address."""


def keep(hashes: Iterable[str], stops: Iterable[str], at: datetime) -> None:
    """These addresses are stopped; the latest time counts."""
    for each in hashes:
        for what in stops:
            known = db.session.get(UnclaimedStop, (each, what)) or UnclaimedStop(hash=each, stop=what)
            known.recorded_at, known.claimed_at = at, None
            db.session.add(known)
    current_app.extensions[ANY] = True


def claim(addresses: Iterable[tuple[str, int, datetime]]) -> None:
    """Stop the customers who have come to these match keys: which, who, and when. The caller commits."""
    key = _key() if _any() else None
    if key is None:
        return
    came = {suppression_key.hashed(key, match_key): (id, at) for match_key, id, at in addresses}
    theirs = among(UnclaimedStop.hash, sorted(came)), UnclaimedStop.claimed_at.is_(None)
    for row in db.session.scalars(select(UnclaimedStop).where(*theirs)).all():
        id, now = came[row.hash]
        stop(survivor(db.session.get_one(Customer, id)), row.stop, row.recorded_at, now)
        row.claimed_at = now
    db.session.flush()


def _any() -> bool:
    """Asked until there are some: `heed restore --in-place` may write them while other processes run."""
    if not current_app.extensions.get(ANY):
        current_app.extensions[ANY] = db.session.scalar(select(exists(select(UnclaimedStop.hash))))
    return current_app.extensions[ANY]


def _key() -> bytes | None:
    try:
        return suppression_key.read()
    except WrongKey:
        return None  # the status page tells of it
