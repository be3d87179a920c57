"""Proofs that an event stands in a seal, for whoever has nothing but the checkpoint."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import leaves, tree
from webapp.consent.sealing.models import Seal, SealedEvent
from webapp.extensions import db

AT_ONCE = 500


@dataclass(frozen=True)
class Inclusion:
    """An event and the way from it to a checkpoint: `tree.root_from(leaves.leaf(salt, canonical), index,
    leaves, path)` is `root`; `tree.chain(previous, root, size)` is the chain in the signed `checkpoint`."""

    event_id: int
    position: int
    salt: bytes
    canonical: bytes
    index: int
    """Place of the leaf within its seal, from 0."""
    leaves: int
    """How many leaves that seal has."""
    path: list[bytes]
    seal: int
    previous: bytes
    root: bytes
    size: int
    checkpoint: str


def inclusion(event_ids: Iterable[int]) -> list[Inclusion]:
    """A proof for each of these events that is sealed, in the order of the places."""
    wanted, found = sorted(set(event_ids)), []
    for start in range(0, len(wanted), AT_ONCE):
        found += _members(wanted[start : start + AT_ONCE])
    found.sort(key=lambda member: member.position)
    proofs: list[Inclusion] = []
    while len(proofs) < len(found):
        proofs += _of_one_seal(found[len(proofs) :])
    return proofs


def _members(event_ids: list[int]) -> list[SealedEvent]:
    return list(db.session.scalars(select(SealedEvent).where(SealedEvent.event_id.in_(event_ids))))


def _of_one_seal(members: list[SealedEvent]) -> list[Inclusion]:
    """For those that stand in the same seal as the first."""
    seal = db.session.scalars(
        select(Seal).where(Seal.size >= members[0].position).order_by(Seal.number).limit(1)
    ).one()
    before = db.session.get(Seal, seal.number - 1)
    within = SealedEvent.position.between(seal.first, seal.size)
    hashes = db.session.scalars(select(SealedEvent.leaf).where(within).order_by(SealedEvent.position))
    nodes = tree.levels(list(hashes))
    return [
        Inclusion(
            event_id=member.event_id, position=member.position, salt=member.salt,
            canonical=_canonical(member.event_id), index=member.position - seal.first, leaves=len(nodes[0]),
            path=tree.path(nodes, member.position - seal.first), seal=seal.number,
            previous=before.chain if before else tree.NO_CHAIN, root=seal.root, size=seal.size,
            checkpoint=seal.checkpoint,
        )
        for member in members
        if member.position <= seal.size
    ]  # fmt: skip


def _canonical(event_id: int) -> bytes:
    columns = [getattr(ConsentEvent, name) for name in leaves.COLUMNS]
    return leaves.canonical(db.session.execute(select(*columns).where(ConsentEvent.id == event_id)).one())
