"""Sealing: the events that wait get their places, a root over them, and a signed checkpoint.

Appending an event knows nothing of it. The places follow the order of sealing: within a seal that of the ids,
but a transaction of PostgreSQL that commits late brings lower ids into a later seal.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import ColumnElement, Row, exists, func, insert, select, text

from webapp import fault_points
from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import leaves, notes, tree
from webapp.consent.sealing.models import LedgerOrigin, Seal, SealedEvent
from webapp.database import writing
from webapp.extensions import db

PORTION = 10_000
"""Events of one seal at most. A seal of fewer took all that waited."""
LATE = timedelta(hours=1)
"""No transaction takes so long. An event that says it was recorded so much before a seal which took all that
waited was slipped in afterwards: it is never sealed, and verification names it."""
SEALERS = 0x48454544
"""The advisory lock of PostgreSQL that only one sealer holds."""

_SEALED = exists().where(SealedEvent.event_id == ConsentEvent.id)


@dataclass(frozen=True)
class Place:
    """An event with all that its place in a seal consists of."""

    event_id: int
    salt: bytes
    leaf: bytes


def seal(key: Ed25519PrivateKey, now: datetime) -> Seal | None:
    """Seal the next events, PORTION at most; None when none waits or another sealer was faster. Commits.

    What takes time happens before the write lock is taken.
    """
    last, events = newest(), _waiting(now)
    places = [_place(event) for event in events]
    db.session.rollback()
    if not places:
        return None
    root = tree.root([place.leaf for place in places])
    with writing():
        _exclude_others()
        if newest_number() != (last.number if last else 0):
            db.session.rollback()
            return None
        made = _sealed(last, places, root, key, now)
        fault_points.reached("seal.stored")
        db.session.commit()
        fault_points.reached("seal.committed")
    return made


def newest() -> Seal | None:
    return db.session.scalar(select(Seal).order_by(Seal.number.desc()).limit(1))


def newest_number() -> int:
    return db.session.scalar(select(func.max(Seal.number))) or 0


def origin() -> str | None:
    """The name of this ledger; None before its first seal."""
    return db.session.scalar(select(LedgerOrigin.origin))


def waiting(now: datetime) -> tuple[int, datetime | None]:
    """How many events wait for the next seal, and when the oldest of them was recorded."""
    count, oldest = func.count(), func.min(ConsentEvent.recorded_at)
    return tuple(db.session.execute(select(count, oldest).where(*_unsealed(now))).one())


def late(after: datetime) -> ColumnElement[bool]:
    """Whether an event is of the time before a seal that took all which waited at that time."""
    return ConsentEvent.recorded_at < after - LATE


def took_all(now: datetime) -> datetime | None:
    """When the latest seal was made that took all which waited; now, if its clock was ahead of ours: what is
    recorded since then was not slipped in."""
    whole = select(Seal.sealed_at).where(Seal.size - Seal.first + 1 < PORTION)
    made = db.session.scalar(whole.order_by(Seal.number.desc()).limit(1))
    return min(made, now) if made else None


def _waiting(now: datetime) -> list[Row[Any]]:
    """In the midst of a long backlog the rest begins where the last portion ended."""
    columns = [getattr(ConsentEvent, name) for name in leaves.COLUMNS]
    query = select(*columns).order_by(ConsentEvent.id).limit(PORTION)
    last = newest()
    if last and last.size - last.first + 1 >= PORTION:
        rest = query.where(*_unsealed(now), ConsentEvent.id > last.latest_event_id)
        if found := db.session.execute(rest).all():
            return list(found)
    return list(db.session.execute(query.where(*_unsealed(now))))


def _unsealed(now: datetime) -> list[ColumnElement[bool]]:
    """What the next seal may take. Whatever was recorded within LATE of a seal got its id after those that a
    seal of twice that age had seen, so that the look back is a short one."""
    since = took_all(now)
    if since is None:
        return [~_SEALED]
    passed = select(func.max(Seal.latest_event_id)).where(Seal.sealed_at < since - 2 * LATE)
    return [~late(since), ~_SEALED, ConsentEvent.id > (db.session.scalar(passed) or 0)]


def _place(event: Row[Any]) -> Place:
    salt = secrets.token_bytes(leaves.SALT_BYTES)
    return Place(event.id, salt, leaves.leaf(salt, leaves.canonical(event)))


def _exclude_others() -> None:
    """On SQLite the writing transaction already holds the only write lock."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": SEALERS})


def _sealed(
    last: Seal | None, places: list[Place], root: bytes, key: Ed25519PrivateKey, now: datetime
) -> Seal:
    before, size_before = (last.chain, last.size) if last else (tree.NO_CHAIN, 0)
    size, public = size_before + len(places), notes.public_bytes(key)
    checkpoint = notes.Checkpoint(_named(), size, tree.chain(before, root, size), now, public)
    made = Seal(
        number=(last.number if last else 0) + 1, first=size_before + 1, size=size, root=root,
        chain=checkpoint.chain, sealed_at=now, checkpoint=notes.sign(key, checkpoint),
        key_id=notes.key_id(checkpoint.origin, public).hex(),
        latest_event_id=max(places[-1].event_id, last.latest_event_id if last else 0),
    )  # fmt: skip
    db.session.add(made)
    rows = [
        {"position": size_before + n, "event_id": place.event_id, "salt": place.salt, "leaf": place.leaf}
        for n, place in enumerate(places, 1)
    ]
    db.session.execute(insert(SealedEvent), rows)
    return made


def _named() -> str:
    if known := origin():
        return known
    drawn = f"heed/{secrets.token_hex(8)}"
    db.session.add(LedgerOrigin(id=1, origin=drawn))
    return drawn
