"""How the events of a proof pack are sealed: each one's way to a checkpoint, and the checkpoints on it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from webapp.consent.sealing import notes, sealer
from webapp.consent.sealing.inclusion import Inclusion, inclusion

AT_ONCE = 500


@dataclass(frozen=True)
class Place:
    """Where an event stands among all that are sealed, and under which checkpoint."""

    position: int
    size: int
    """How many events that checkpoint covers."""
    sealed_at: datetime


@dataclass
class Seals:
    """What was met on the way: by event its place, by size the checkpoint."""

    places: dict[int, Place] = field(default_factory=dict)
    checkpoints: dict[int, str] = field(default_factory=dict)

    def proofs(self, event_ids: list[int]) -> Iterator[dict[str, Any]]:
        """For each of these events that is sealed; the newest checkpoint is met, too."""
        for start in range(0, len(event_ids), AT_ONCE):
            for found in inclusion(event_ids[start : start + AT_ONCE]):
                sealed_at = notes.read(found.checkpoint).at
                self.places[found.event_id] = Place(found.position, found.size, sealed_at)
                self.checkpoints[found.size] = found.checkpoint
                yield _told(found)
        if newest := sealer.newest():
            self.checkpoints[newest.size] = newest.checkpoint

    @property
    def keys(self) -> set[bytes]:
        """Whose signatures these are."""
        return {notes.read(checkpoint).key for checkpoint in self.checkpoints.values()}


def _told(found: Inclusion) -> dict[str, Any]:
    """The checkpoint stands in checkpoints.txt and is named by its `size`."""
    return {
        "event_id": found.event_id, "position": found.position, "salt": found.salt.hex(),
        "canonical": found.canonical.decode(), "index": found.index, "leaves": found.leaves,
        "path": [neighbour.hex() for neighbour in found.path], "seal": found.seal,
        "previous": found.previous.hex(), "root": found.root.hex(), "size": found.size,
    }  # fmt: skip
