"""What is weighed in a message: its words, two in a row, parts of words, and what they mean, also in pairs.

Each feature comes with the places of the words that it is about, so that it can be said what tipped it.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from webapp.consent.intents.patterns import END, START, pieces
from webapp.consent.weighing.meanings import meanings

PARTS = range(2, 6)
"""Lengths of the parts of words, with a space for each end of the word."""
FAR = 8
"""How many words apart two meanings may stand to count in their order."""
Places = tuple[int, ...]
_QUESTION_MARK = re.compile("[?؟]")


def features(words: list[str], text: str) -> dict[str, Places]:
    """The features of a message, by its words and its folded text, and where each occurs first.

    The kind is the first letter of each.
    """
    found: dict[str, Places] = {"?": ()} if _QUESTION_MARK.search(text) else {}
    for feature, places in _all(words):
        found.setdefault(feature, places)
    return found


def _all(words: list[str]) -> Iterator[tuple[str, Places]]:
    yield from _rows(words)
    for at, word in enumerate(words):
        yield from ((part, (at,)) for part in _parts(word))
    yield from _meant(words)


def _rows(words: list[str]) -> Iterator[tuple[str, Places]]:
    """Each word, and two in a row; the ends of the message count as words."""
    row = [START, *words, END]
    last = len(words) - 1
    for at, word in enumerate(words):
        yield f"w{word}", (at,)
    for at, (one, next_) in enumerate(pairwise(row)):
        yield f"r{one} {next_}", tuple({max(at - 1, 0), min(at, last)})


def _parts(word: str) -> Iterator[str]:
    framed = f" {word} "
    for length in PARTS:
        yield from (f"c{framed[at : at + length]}" for at in range(len(framed) - length + 1))
    if len(pieces(word)) > 1:
        yield from (f"c{sign}" for sign in word)


def _meant(words: list[str]) -> Iterator[tuple[str, Places]]:
    """Each meaning, pairs of them in their order, and pairs that occur anywhere."""
    parted = [(at, piece) for at, word in enumerate(words) for piece in pieces(word)]
    meant = meanings().of([piece for _, piece in parted])
    seen: dict[str, int] = {}
    for number, (place, here) in enumerate(meant):
        at = parted[place][0]
        for one in here:
            yield f"k{one}", (at,)
            seen.setdefault(one, at)
        for later, there in meant[number + 1 : number + 1 + FAR]:
            if later - place > FAR:
                break
            both = (at, parted[later][0])
            for one, other in ((one, other) for one in here for other in there if one != other):
                yield f"o{one} {other}", both
    named = sorted(seen)
    for number, one in enumerate(named):
        yield from ((f"a{one} {other}", (seen[one], seen[other])) for other in named[number + 1 :])
