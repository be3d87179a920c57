"""One reading of a message, as far as it asks to be left alone."""

from collections.abc import Iterator
from functools import reduce
from itertools import count, groupby
from operator import itemgetter, or_

from webapp.consent.intents.grammar import Grammar
from webapp.consent.intents.patterns import END, START, pieces
from webapp.consent.intents.positions import Positions, places
from webapp.consent.phrases import GAP

SIGNS_READ = 4096
"""Signs of a reading that is looked at: what WhatsApp allows for a text. A longer one holds no request
and nothing innocent, so it is for the caller to show its ends."""

MANY_WORDS = 3


class Wording:
    """The words of one reading of a message, and what is left of them without those that are innocent."""

    def __init__(self, words: list[str], grammar: Grammar) -> None:
        self._words = words
        seen = words if sum(map(len, words)) <= SIGNS_READ else []
        self._pieces = [(at, piece) for at, word in enumerate(seen) for piece in pieces(word)]
        signs = [START, *(piece for _, piece in self._pieces), END]
        positions = Positions(signs, grammar.vocabulary.kinds(signs))
        innocent = grammar.innocent.matches(positions)
        self._matches = grammar.asks.first_matches(positions)
        asking = _outweighing(self._matches, innocent)
        covered = reduce(or_, innocent, 0)
        positions.cover(covered)
        asking = asking or next(iter(grammar.asks.first_matches(positions)), 0)
        self._asking = self._places(asking)
        self._innocent = frozenset(self._places(covered))

    def request(self) -> str | None:
        """The words that ask to be left alone, None if none do."""
        if not self._asking:
            return None
        span = self._pieces[self._asking[0] : self._asking[-1] + 1]
        words = groupby(span, key=itemgetter(0))
        return " ".join("".join(piece for _, piece in parts) for _, parts in words)

    def verdicts(self) -> Iterator[str]:
        """What the patterns say of the message, for its weighing."""
        said = {
            "!asks": self._asking,
            "!more than one": self._asking and len(self._matches) > 1,
            "!many words": len(self._asking) > MANY_WORDS,
            "!beside innocent": self._asking and self._innocent,
            "!outweighed": self._matches and not self._asking,
            "!innocent": self._innocent,
        }
        return (verdict for verdict, holds in said.items() if holds)

    def telling(self) -> list[str]:
        """The words that tell: all but the innocent ones."""
        return [word for word in self.left() if word != GAP]

    def left(self) -> list[str]:
        """The words, with a gap in the place of each innocent one."""
        return list(self._left()) if self._innocent else self._words

    def _places(self, bits: int) -> list[int]:
        """The places among the pieces, without the start and the end of the message."""
        return [at - 1 for at in places(bits) if 0 < at <= len(self._pieces)]

    def _left(self) -> Iterator[str]:
        gone = (place in self._innocent for place in count())
        parts = zip(self._pieces, gone, strict=False)
        for (_, innocent), run in groupby(parts, key=lambda part: (part[0][0], part[1])):
            yield GAP if innocent else "".join(piece for (_, piece), _ in run)


def _outweighing(asking: list[int], innocent: list[int]) -> int:
    """The first of the matches that takes more words than any innocent one that shares a word with it.

    "Stop the payment" is innocent, "stop sending me messages about the payment" is not.
    """
    strong = (
        bits
        for bits in asking
        if all(bits.bit_count() > other.bit_count() for other in innocent if bits & other)
    )
    return next(strong, 0)
