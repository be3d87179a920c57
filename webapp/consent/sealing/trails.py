"""Checkpoints that were kept outside the database, walked along beside the seals."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from webapp.consent.faults import Fault
from webapp.consent.sealing import notes
from webapp.consent.sealing.models import Seal
from webapp.consent.sealing.notes import BadNote, Checkpoint


class NoCheckpoint(Exception):
    """The file holds none."""


class Trail:
    """The notes of one file, oldest first.

    What stands behind the first `length` bytes was written later than the moment that is looked at.
    """

    def __init__(self, file: Path, origin: str | None, length: int | None = None) -> None:
        self._file, self._origin, self._length = file, origin, length
        self._others: defaultdict[str, set[bytes]] = defaultdict(set)
        self._own = self._read()
        self._head = next(self._own, None)
        if self._head is None and not self._others:
            raise NoCheckpoint(f"{file.name} holds no checkpoint.")

    def vouches(self, seal: Seal) -> bool:
        """Whether a note says the same of this seal, those before it having been asked. Raises Fault."""
        vouched = False
        while self._head and self._head.size <= seal.size:
            if self._head.size < seal.size:
                raise self._no_seal(self._head)
            if self._head.chain != seal.chain:
                raise Fault(
                    f"Seal {seal.number:,} is not the one of {seal.size:,} events whose checkpoint stands in "
                    f"{self._file.name}: the chain was built anew."
                )
            vouched, self._head = True, next(self._own, None)
        return vouched

    def finish(self) -> None:
        """All seals have been asked. Raises Fault for notes that tell of more, or of another ledger."""
        if self._head:
            raise self._no_seal(self._head)
        if self._others:
            this = self._origin or "not sealed at all"
            raise Fault(f"{self._file.name} holds checkpoints of {min(self._others)}; this ledger is {this}.")

    def _no_seal(self, note: Checkpoint) -> Fault:
        return Fault(f"{self._file.name} holds a checkpoint of {note.size:,} events, where no seal ends.")

    def _read(self) -> Iterator[Checkpoint]:
        """Those of this ledger. Others are remembered until a note of theirs says that they ended."""
        for number, note in enumerate(notes.notes_in(self._lines()), 1):
            try:
                checkpoint = notes.read(note)
            except BadNote as problem:
                raise Fault(f"Checkpoint {number:,} of {self._file.name}: {problem}") from None
            if not checkpoint.ended and checkpoint.origin == self._origin:
                yield checkpoint
            elif not checkpoint.ended:
                self._others[checkpoint.origin].add(checkpoint.key)
            elif checkpoint.key in self._others.get(checkpoint.origin, ()):
                del self._others[checkpoint.origin]

    def _lines(self) -> Iterator[str]:
        read = 0
        with self._file.open("rb") as lines:
            for line in lines:
                read += len(line)
                if self._length is not None and read > self._length:
                    return
                yield line.decode(errors="replace")
