"""Where in a message stands what it was caught for? Pure.

The rule reads a folded message; people see it as it was written, so each folded letter keeps its place.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from webapp.consent.folding import fold, tokens, without_accents
from webapp.consent.look_alikes import guessed, with_look_alikes
from webapp.consent.near_misses import NearMisses


@dataclass(frozen=True)
class Piece:
    """A part of a message; `marked` when it is what the message was caught for."""

    text: str
    marked: bool


@dataclass(frozen=True)
class Letter:
    """A folded letter or digit, and the part of the text that it stands for."""

    sign: str
    start: int
    end: int


def pieces(text: str, matched: str) -> list[Piece]:
    """The whole text, in parts; nothing is marked when the place cannot be told."""
    wanted = "".join(tokens(without_accents(fold(matched))))
    start, end = _place(text, wanted) if wanted else (0, 0)
    parts = [Piece(text[:start], False), Piece(text[start:end], True), Piece(text[end:], False)]
    return [part for part in parts if part.text]


def _place(text: str, wanted: str) -> tuple[int, int]:
    letters = list(_letters(text))
    for spell in (str, with_look_alikes):
        if found := _run(text, letters, spell(wanted), spell("".join(letter.sign for letter in letters))):
            return found
    return _word(text, wanted) or (0, 0)


def _letters(text: str) -> Iterator[Letter]:
    """A sign and the marks on it are folded together."""
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and unicodedata.category(text[end])[0] == "M":
            continue
        for sign in "".join(tokens(without_accents(fold(text[start:end])))):
            yield Letter(sign, start, end)
        start = end


def _run(text: str, letters: list[Letter], wanted: str, said: str) -> tuple[int, int] | None:
    """Where the letters follow each other, rather as words of their own than inside a longer word."""
    places: list[tuple[int, int]] = []
    at = said.find(wanted) if len(said) == len(letters) else -1
    while at >= 0:
        places.append((letters[at].start, letters[at + len(wanted) - 1].end))
        at = said.find(wanted, at + 1)
    return next((place for place in places if _is_apart(text, *place)), places[0] if places else None)


def _is_apart(text: str, start: int, end: int) -> bool:
    return not text[start - 1 : start].isalnum() and not text[end : end + 1].isalnum()


def _word(text: str, wanted: str) -> tuple[int, int] | None:
    """A word that is nearly the keyword, or reads like it when signs count as letters."""
    near = NearMisses({wanted: wanted})
    for start, end in _words(text):
        bare = without_accents(fold(text[start:end]))
        said = ["".join(tokens(bare)), *("".join(words) for words in guessed(bare))]
        if any(word == wanted or near.find(word) for word in said):
            return start, end
    return None


def _words(text: str) -> Iterator[tuple[int, int]]:
    for blank, run in groupby(range(len(text)), key=lambda at: text[at].isspace()):
        if not blank:
            places = list(run)
            yield places[0], places[-1] + 1
