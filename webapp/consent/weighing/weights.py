"""Weights of features, learned from examples, and what they make of a message."""

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from webapp.consent.intents.patterns import pieces
from webapp.consent.weighing.features import features

FILE = Path(__file__).with_name("weights.tsv")
HEADER = """\
# Weights of what a message holds, for and against its asking to be left alone. Made by bench/train_intents.py
# and never by hand. Columns, parted by tabs: the feature (its first letter is its kind, see features.py), its
# weight.
# learned from: {digest}
# threshold: {threshold}
"""
UNIT = 1000
"""Weights are whole numbers of this part of one, so that they add up to the same on every machine."""
VERDICTS = ("!asks", "!more than one", "!many words", "!beside innocent", "!outweighed", "!innocent")
"""What the patterns may say of a message; each counts by itself, however long the message is."""
SHORTEST_MESSAGE = 2
"""Words, or signs where words are not parted, of the shortest message that is weighed."""
SHORTEST_REFUSED = 4
"""A request that the patterns find in fewer words is not outweighed: there is hardly anything beside it."""
LONGEST_MESSAGE = 400
"""Letters of the longest message that is weighed: nothing was learned from longer ones."""


class Verdict(NamedTuple):
    """Whether a message asks, and the words that tipped it."""

    asks: bool
    words: range


class Weights:
    """Weights by feature and the score from which a message asks."""

    def __init__(self, source: str) -> None:
        lines = source.splitlines()
        self.about = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
        self._threshold = int(self.about["threshold"])
        rows = (line.rpartition("\t") for line in lines if not line.startswith("# "))
        self._weights = {name: int(weight) for name, _, weight in rows}

    def weigh(self, words: list[str], text: str, verdicts: Iterable[str]) -> Verdict:
        """Weigh a message by its words, its folded text and what the patterns say of it."""
        found = features(words, text)
        weights = self._weights
        known = {name: weights[name] for name in found if name in weights}
        score = sum(known.values()) / math.sqrt(len(found))
        score += sum(weights.get(verdict, 0) for verdict in verdicts)
        asks = score > self._threshold
        return Verdict(asks, _heaviest(known, found, len(words)) if asks else range(0))


def _heaviest(known: Mapping[str, int], found: Mapping[str, tuple[int, ...]], length: int) -> range:
    """The words in a row that weigh most, each feature shared among the words that it is about."""
    shares = [0] * length
    for name, weight in known.items():
        for place in found[name]:
            shares[place] += weight // len(found[name])
    sums = [0, *accumulate(shares)]
    lowest = list(accumulate(range(length + 1), lambda one, other: min(other, one, key=sums.__getitem__)))
    end = max(range(1, length + 1), key=lambda end: sums[end] - sums[lowest[end - 1]])
    return range(lowest[end - 1], end)


def is_weighed(words: list[str]) -> bool:
    """Whether a message is neither too short nor too long to be weighed. Else the patterns alone decide."""
    return _length(words) >= SHORTEST_MESSAGE and sum(map(len, words)) <= LONGEST_MESSAGE


def may_refuse(words: list[str]) -> bool:
    """Whether a message that is weighed asks only by its weight, whatever the patterns find in it."""
    return _length(words) >= SHORTEST_REFUSED


def _length(words: list[str]) -> int:
    return sum(len(pieces(word)) for word in words)


@lru_cache
def weights() -> Weights:
    """The weights that ship with the desk, loaded when the first message is weighed."""
    return Weights(FILE.read_text(encoding="utf-8"))
