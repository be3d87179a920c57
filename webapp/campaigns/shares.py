"""The bar below the sentence of a review: who gets it and who does not, as parts of a whole. Pure."""

from dataclasses import dataclass
from typing import Protocol

SMALLEST = 0.4
"""Percent that a part has at least, so that three people among thousands can be seen."""
GAP = 0.15


class Counted(Protocol):
    eligible: int
    suppressed: dict[str, int]


@dataclass(frozen=True)
class Share:
    """A part of the bar, in percent of its length."""

    key: str
    n: int
    x: float
    width: float


def shares(counted: Counted) -> list[Share]:
    """The parts from the left, those who get it first; none for an empty audience."""
    parts = [("eligible", counted.eligible), *counted.suppressed.items()]
    parts = [(key, n) for key, n in parts if n]
    total = sum(n for _, n in parts)
    lengths = [max(100 * n / total, SMALLEST) for _, n in parts]
    scale = (100 - GAP * (len(parts) - 1)) / sum(lengths) if parts else 1
    found, x = [], 0.0
    for (key, n), length in zip(parts, lengths, strict=True):
        found.append(Share(key, n, round(x, 2), round(length * scale, 2)))
        x += length * scale + GAP
    return found
