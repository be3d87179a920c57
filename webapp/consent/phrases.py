"""Find phrases in one reading of a message: as whole words, or anywhere in scripts without spaces."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from webapp.consent.look_alikes import UNSPACED

GAP = "|"
"""Stands where innocent words were taken out, so that their neighbours do not meet."""
_UNSPACED = re.compile(f"[{UNSPACED}]+")
Spelling = tuple[str, ...]


class Passage:
    """The words of one reading of a message."""

    def __init__(self, words: list[str]) -> None:
        self.words = words

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        return frozenset(self.words)

    @cached_property
    def spaced(self) -> str:
        return f" {' '.join(self.words)} "

    @cached_property
    def solid(self) -> str:
        return "".join(self.words)

    def ends(self, most: int) -> list[str]:
        """All words, or when there are more than `most`, half as many from the start and from the end."""
        if len(self.words) <= most:
            return self.words
        return [*self.words[: most // 2], GAP, *self.words[-most // 2 :]]

    def joined(self, at_least: int, at_most: int, most_words: int) -> Iterator[str]:
        """Words in a row written as one, for each number of words from `at_least` to `at_most`."""
        words = self.ends(most_words)
        for size in range(at_least, at_most + 1):
            yield from map("".join, zip(*(words[start:] for start in range(size)), strict=False))


class Phrases:
    """Phrases to look for, each by its spelling in tokens, with the name it is reported by."""

    def __init__(self, named: Mapping[Spelling, str]) -> None:
        self._anywhere = {
            "".join(key): name for key, name in named.items() if _UNSPACED.fullmatch("".join(key))
        }
        spaced = {key: name for key, name in named.items() if "".join(key) not in self._anywhere}
        self._words = {key[0]: name for key, name in spaced.items() if len(key) == 1}
        self._rows = [(key[0], f" {' '.join(key)} ", name) for key, name in spaced.items() if len(key) > 1]

    def within(self, passage: Passage) -> str | None:
        """The name of a phrase that the passage holds."""
        return self.as_words(passage) or self.without_spaces(passage)

    def as_words(self, passage: Passage) -> str | None:
        if not passage.vocabulary.isdisjoint(self._words):
            return next(self._words[word] for word in passage.words if word in self._words)
        rows = (row for row in self._rows if row[0] in passage.vocabulary)
        return next((name for _, row, name in rows if row in passage.spaced), None)

    def without_spaces(self, passage: Passage, times: float = float("inf")) -> str | None:
        """The same in scripts without spaces, in a passage at most `times` as long as the phrase."""
        found = (
            form
            for form in self._anywhere
            if len(passage.solid) <= times * len(form) and form in passage.solid
        )
        return next((self._anywhere[form] for form in found), None)
