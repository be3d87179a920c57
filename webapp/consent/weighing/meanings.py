"""Which meanings the words of a message have, whatever its language, as far as `meanings.toml` lists them."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources

from webapp.consent.intents.patterns import Words, parse_class


class Meanings:
    """The listed words by their first piece: those that are matched whole, and those that are beginnings."""

    def __init__(self, source: str) -> None:
        self._whole: dict[str, list[tuple[Words, str]]] = {}
        self._beginnings: dict[str, set[str]] = {}
        for meaning, listed in tomllib.loads(source).items():
            for words in parse_class(listed):
                if len(words) == 1 and words[0].endswith("*"):
                    self._beginnings.setdefault(words[0][:-1], set()).add(meaning)
                else:
                    self._whole.setdefault(words[0], []).append((words, meaning))
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def of(self, pieces: list[str]) -> list[tuple[int, list[str]]]:
        """The places that have a meaning, each with its meanings in order."""
        found = ((at, sorted(set(self._at(pieces, at)))) for at in range(len(pieces)))
        return [(at, meanings) for at, meanings in found if meanings]

    def _at(self, pieces: list[str], at: int) -> Iterator[str]:
        for words, meaning in self._whole.get(pieces[at], ()):
            if len(words) == 1 or tuple(pieces[at : at + len(words)]) == words:
                yield meaning
        for length in self._lengths:
            if length > len(pieces[at]):
                break
            yield from self._beginnings.get(pieces[at][:length], ())


@lru_cache
def meanings() -> Meanings:
    """The meanings that ship with the desk."""
    return Meanings(resources.files(__package__).joinpath("meanings.toml").read_text(encoding="utf-8"))
