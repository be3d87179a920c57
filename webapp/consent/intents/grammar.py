"""The patterns of all languages at once, as a customer writes in whatever language comes to mind.

Each language has a file beside this one: its classes of words, the patterns of what asks to be left
alone, `asks`, and those of innocent readings, `innocent`, such as a bus stop or the cancelling of an order.
"""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from importlib import resources
from itertools import chain
from typing import Any

from webapp.consent.intents.patterns import END, START, Atom, Pattern, Spell, Step, parse, parse_class
from webapp.consent.intents.positions import Positions
from webapp.consent.intents.vocabulary import Vocabulary


class Patterns:
    """Patterns by the words of their rarest step, so that only a few are tried on a message."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._patterns = list(dict.fromkeys(patterns))
        self._by_head: dict[str, set[int]] = {}
        self._besides: list[list[frozenset[str]]] = []
        for number, pattern in enumerate(self._patterns):
            rarest, *others = sorted(map(_heads, filter(_must_occur, pattern)), key=_commonness)
            self._besides.append(others)
            for head in rarest:
                self._by_head.setdefault(head, set()).add(number)

    def matches(self, positions: Positions) -> list[int]:
        """For each pattern that matches, the places of all words that it takes."""
        return [bits for bits in map(positions.all, self.candidates(positions)) if bits]

    def first_matches(self, positions: Positions) -> list[int]:
        """For each pattern that matches, the places of its first match; those of most words come first."""
        found = filter(None, map(positions.first, self.candidates(positions)))
        return sorted(found, key=int.bit_count, reverse=True)

    def words(self) -> Iterator[str]:
        """Every word that a pattern names."""
        for pattern in self._patterns:
            for step in pattern:
                yield from chain.from_iterable(step.atom)

    def candidates(self, positions: Positions) -> list[Pattern]:
        """The patterns of which each step may occur, in the order in which they are written."""
        numbers: set[int] = set()
        kinds = positions.kinds
        for kind in kinds:
            numbers |= self._by_head.get(kind, set())
        return [
            self._patterns[number]
            for number in sorted(numbers)
            if not any(map(kinds.isdisjoint, self._besides[number]))
        ]


def _must_occur(step: Step) -> bool:
    return not step.may_close


def _heads(step: Step) -> frozenset[str]:
    """The words that its alternatives begin with."""
    return frozenset(words[0] for words in step.atom)


def _commonness(heads: frozenset[str]) -> tuple[bool, int]:
    """The ends of a message always occur; else a step of few words seldom does."""
    return bool(heads & {START, END}), len(heads)


class Grammar:
    """All languages, spelled in one way: literally, or with look-alikes replaced."""

    def __init__(self, spell: Spell) -> None:
        languages = list(_languages())
        self.asks, self.innocent = (
            Patterns(chain.from_iterable(_parsed(language, part, spell) for language in languages))
            for part in ("asks", "innocent")
        )
        self.vocabulary = Vocabulary(chain(self.asks.words(), self.innocent.words()))


@lru_cache
def grammar(spell: Callable[[str], str]) -> Grammar:
    """The grammar for one spelling. It depends on nothing that a business configures."""
    return Grammar(spell)


def _languages() -> Iterator[dict[str, Any]]:
    for file in sorted(resources.files(__package__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            yield tomllib.loads(file.read_text(encoding="utf-8"))


def _parsed(language: dict[str, Any], part: str, spell: Spell) -> Iterator[Pattern]:
    classes = _classes(language, spell)
    lines = language.get(part, {}).get("patterns", "").splitlines()
    return (parse(line, classes, spell) for line in lines if line.strip())


def _classes(language: dict[str, Any], spell: Spell) -> dict[str, Atom]:
    return {name: parse_class(words, spell) for name, words in language.get("classes", {}).items()}
