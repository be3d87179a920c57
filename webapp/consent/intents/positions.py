"""Where words stand in a message, as the bits of integers: a pattern is found by shifting them.

So the work for one pattern is a few operations over the whole message, whatever the message repeats.
"""

from collections.abc import Mapping
from functools import cache, cached_property

from webapp.consent.intents.patterns import Atom, Pattern, Step, Words


class Positions:
    """The bits of each known word of a message. `kinds` says which known words a word of the message is."""

    def __init__(self, words: list[str], kinds: Mapping[str, frozenset[str]]) -> None:
        self.length = len(words)
        self._end = 1 << self.length - 1
        self._places: dict[str, list[int]] = {}
        for at, word in enumerate(words):
            for kind in kinds.get(word, ()):
                self._places.setdefault(kind, []).append(at)
        self._covered = 0
        self._starts: dict[Atom, dict[int, int]] = {}

    @cached_property
    def _bits(self) -> dict[str, int]:
        return {kind: _bits_at(places, self.length) for kind, places in self._places.items()}

    @property
    def kinds(self) -> frozenset[str]:
        """The known words that occur."""
        return frozenset(self._places)

    def cover(self, bits: int) -> None:
        """Look no more at the words at these places."""
        self._covered |= bits
        self._starts.clear()

    def all(self, pattern: Pattern) -> int:
        """The places of all words by which a pattern matches, 0 if it does not."""
        tracks, ends = self._tracks(pattern)
        return self._back(tracks, ends)

    def first(self, pattern: Pattern) -> int:
        """The same for the match that ends first."""
        tracks, ends = self._tracks(pattern)
        return self._back(tracks, ends & -ends)

    def _tracks(self, pattern: Pattern) -> tuple[list[tuple[Step, int]], int]:
        """Where each step may start, and where the last one ends."""
        tracks: list[tuple[Step, int]] = []
        ends = 0
        for step in pattern:
            allowed = _spread(ends, step.gap) if tracks else (1 << self.length) - 1
            closing = ends << 1 & self._end if step.may_close else 0
            ends = self._ends(step.atom, allowed) | closing
            if not ends:
                return [], 0
            tracks.append((step, allowed))
        return tracks, ends

    def _ends(self, atom: Atom, allowed: int) -> int:
        ends = 0
        for length, starts in self._starts_of(atom).items():
            ends |= (starts & allowed) << (length - 1)
        return ends

    def _back(self, tracks: list[tuple[Step, int]], ends: int) -> int:
        """From the ends of the last step back to the first: the places that led there."""
        found = 0
        for step, allowed in reversed(tracks):
            before = 0
            for length, starts in self._starts_of(step.atom).items():
                here = starts & allowed & (ends >> (length - 1))
                found |= _run(here, length)
                before |= here
            closing = (ends & self._end) >> 1 if step.may_close else 0
            ends = _spread_back(before, step.gap) | closing
        return found

    def _starts_of(self, atom: Atom) -> dict[int, int]:
        if atom not in self._starts:
            self._starts[atom] = self._alternatives(atom)
        return self._starts[atom]

    def _alternatives(self, atom: Atom) -> dict[int, int]:
        by_length: dict[int, int] = {}
        heads = _by_head(atom)
        for head in heads.keys() & self._bits.keys():
            for words in heads[head]:
                if bits := self._row(words):
                    by_length[len(words)] = by_length.get(len(words), 0) | bits
        return by_length

    def _row(self, words: Words) -> int:
        bits = self._bits.get(words[0], 0) & ~self._covered
        for after, word in enumerate(words[1:], start=1):
            bits &= (self._bits.get(word, 0) & ~self._covered) >> after
        return bits


@cache
def _by_head(atom: Atom) -> dict[str, list[Words]]:
    """The alternatives of an atom by their first words: of many words a message has a few."""
    found: dict[str, list[Words]] = {}
    for words in atom:
        found.setdefault(words[0], []).append(words)
    return found


def places(bits: int) -> list[int]:
    """The places that bits stand for, in order."""
    return [at for at, bit in enumerate(reversed(f"{bits:b}")) if bit == "1"]


def _bits_at(places: list[int], length: int) -> int:
    flags = bytearray(length // 8 + 1)
    for at in places:
        flags[at >> 3] |= 1 << (at & 7)
    return int.from_bytes(flags, "little")


def _spread(ends: int, gap: int) -> int:
    allowed = 0
    for step in range(1, gap + 2):
        allowed |= ends << step
    return allowed


def _spread_back(starts: int, gap: int) -> int:
    allowed = 0
    for step in range(1, gap + 2):
        allowed |= starts >> step
    return allowed


def _run(starts: int, length: int) -> int:
    bits = 0
    for after in range(length):
        bits |= starts << after
    return bits
