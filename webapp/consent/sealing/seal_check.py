"""Do the seals still fit the events? One stream in the order of the places; memory stays flat."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, exists, select

from webapp.consent.faults import Fault
from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import leaves, notes, publishing, sealer, tree
from webapp.consent.sealing.models import Seal, SealedEvent
from webapp.consent.sealing.notes import BadNote, Checkpoint
from webapp.consent.sealing.trails import NoCheckpoint, Trail
from webapp.consent.streaming import stream
from webapp.extensions import db


@dataclass(frozen=True)
class Anchors:
    """What is known outside the database: this desk's public key, the checkpoints beside it, and a file that
    somebody brought. Without any of them a ledger that was built anew as a whole looks whole."""

    key: bytes | None = None
    folder: Path | None = None
    brought: Path | None = None
    length: int | None = None
    """Of the checkpoints beside the database, in bytes."""

    @property
    def beside(self) -> Path | None:
        return self.folder / publishing.FILE if self.folder else None

    def of_now(self) -> "Anchors":
        """Without what is written from now on: sealing goes on while a verification reads, and whoever asks
        this first and begins the snapshot then sees every seal of which a checkpoint tells."""
        exists = self.beside and self.beside.exists()
        return replace(self, length=self.beside.stat().st_size if self.beside and exists else 0)


@dataclass
class _Walk:
    """How far the seals were found right."""

    origin: str | None
    trails: list[Trail]
    own_key: bytes | None
    members: Iterator[Row[Any]]
    number: int = 0
    size: int = 0
    latest_event_id: int = 0
    chain: bytes = tree.NO_CHAIN
    stray: Seal | None = None
    """The first seal of a key that nobody vouches for, unless a later one that is vouched for covers it."""


def check(anchors: Anchors, now: datetime) -> int:
    """How many seals there are, all of them right. Raises Fault for the first that is not, or an event that
    should be sealed and is not; NoCheckpoint for a file that was brought and holds none."""
    origin = sealer.origin()
    trails = _trails(anchors, origin)
    with stream(_members()) as members, stream(_seals()) as seals:
        walk = _Walk(origin, trails, anchors.key, members)
        for seal in seals:
            _check_seal(walk, seal)
        _check_end(walk)
    _check_unsealed(now)
    return walk.number


def _trails(anchors: Anchors, origin: str | None) -> list[Trail]:
    trails = [Trail(anchors.brought, origin)] if anchors.brought else []
    if anchors.beside and anchors.beside.exists():
        with suppress(NoCheckpoint):  # it was made, and nothing was written yet
            trails.append(Trail(anchors.beside, origin, anchors.length))
    return trails


def _check_seal(walk: _Walk, seal: Any) -> None:
    if seal.number != walk.number + 1:
        raise Fault(f"Seal {walk.number + 1:,} is missing.")
    if seal.first != walk.size + 1 or seal.size < seal.first:
        raise Fault(f"Seal {seal.number:,} does not begin where the seal before it ended.")
    hashes = [_checked_leaf(walk, seal, position) for position in range(seal.first, seal.size + 1)]
    root = tree.root(hashes)
    chain = tree.chain(walk.chain, root, seal.size)
    if root != seal.root or chain != seal.chain or walk.latest_event_id != seal.latest_event_id:
        raise Fault(f"Seal {seal.number:,} does not fit its events: it, or their order, was changed.")
    checkpoint = _signed(walk, seal)
    walk.number, walk.size, walk.chain = seal.number, seal.size, chain
    vouched = [trail.vouches(seal) for trail in walk.trails]
    if any(vouched) or checkpoint.key == walk.own_key:
        walk.stray = None
    elif walk.stray is None:
        walk.stray = seal


def _checked_leaf(walk: _Walk, seal: Any, position: int) -> bytes:
    member = next(walk.members, None)
    if member is None or member.position > position:
        raise Fault(f"Event {position:,} of those sealed is missing, in seal {seal.number:,}.")
    if member.position < position:
        raise Fault(f"Event {member.event_id} is sealed twice, in seal {seal.number:,}.")
    if member.id is None:
        raise Fault(f"Event {member.event_id} of seal {seal.number:,} is gone.")
    found = leaves.leaf(member.salt, leaves.canonical(member[3:-1]))
    if found != member.leaf:
        raise Fault(f"Event {member.event_id} of seal {seal.number:,} is not what was sealed.")
    walk.latest_event_id = max(walk.latest_event_id, member.event_id)
    return found


def _signed(walk: _Walk, seal: Any) -> Checkpoint:
    try:
        checkpoint = notes.read(seal.checkpoint)
    except BadNote as problem:
        raise Fault(f"The checkpoint of seal {seal.number:,}: {problem}") from None
    told = (checkpoint.origin, checkpoint.size, checkpoint.chain, checkpoint.at)
    key_id = notes.key_id(checkpoint.origin, checkpoint.key).hex()
    if told != (walk.origin, seal.size, seal.chain, seal.sealed_at) or key_id != seal.key_id:
        raise Fault(f"The checkpoint of seal {seal.number:,} tells of something else.")
    return checkpoint


def _check_end(walk: _Walk) -> None:
    if left := next(walk.members, None):
        raise Fault(f"Event {left.event_id} has place {left.position:,}, to which no seal leads.")
    for trail in walk.trails:
        trail.finish()
    if walk.stray and (walk.own_key or walk.trails):
        raise Fault(
            f"Seal {walk.stray.number:,} is signed by key {walk.stray.key_id}, for which neither this desk "
            "nor a checkpoint vouches."
        )


def _check_unsealed(now: datetime) -> None:
    """What a seal that took all would have taken, had it been there."""
    since = sealer.took_all(now)
    if since is None:
        return
    sealed = exists().where(SealedEvent.event_id == ConsentEvent.id)
    slipped_in = select(ConsentEvent.id).where(sealer.late(since), ~sealed).order_by(ConsentEvent.id).limit(1)
    if (event_id := db.session.scalar(slipped_in)) is not None:
        raise Fault(
            f"Event {event_id} says that it was recorded long before the last seal and is in none: "
            "it was slipped in."
        )


def _seals() -> Select[Any]:
    return select(Seal.__table__).order_by(Seal.number)


def _members() -> Select[Any]:
    place, event = SealedEvent.__table__, ConsentEvent.__table__
    columns = [event.c[name] for name in leaves.COLUMNS]
    return (
        select(place.c.position, place.c.event_id, place.c.leaf, *columns, place.c.salt)
        .select_from(place.outerjoin(event, event.c.id == place.c.event_id))
        .order_by(place.c.position)
    )
