"""Word packs: the keywords of one language, to be switched on as a whole, each word with its source. Pure.

A word of a pack that is on counts like a typed one, but stays apart from what people typed.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from webapp.consent.keyword_sets import KeywordSet, bare_spelling, spelling

SHIPPED = Path(__file__).with_name("packs.json")
TYPED = "your keywords"


@dataclass(frozen=True)
class Group:
    """Words that come from one source."""

    opt_out: tuple[str, ...]
    opt_in: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Pack:
    """The words of one language. `key` is what the settings keep; `reviewed`: each word has a source."""

    key: str
    language: str
    name: str
    groups: tuple[Group, ...]
    reviewed: bool = True

    @property
    def opt_out(self) -> tuple[str, ...]:
        return tuple(word for group in self.groups for word in group.opt_out)

    @property
    def opt_in(self) -> tuple[str, ...]:
        return tuple(word for group in self.groups for word in group.opt_in)

    @property
    def title(self) -> str:
        return f"the {self.name} pack" if self.reviewed else f"the imported pack “{self.name}”"


@cache
def shipped() -> Mapping[str, Pack]:
    """The packs that come with Heed, by language: only words that somebody is known to use."""
    listed = json.loads(SHIPPED.read_text(encoding="utf-8"))
    return {pack["language"]: _pack(pack) for pack in listed}


def _pack(given: dict[str, Any]) -> Pack:
    groups = tuple(
        Group(tuple(each["opt_out"]), tuple(each["opt_in"]), each["source"]) for each in given["groups"]
    )
    return Pack(given["language"], given["language"], given["name"], groups)


def together(typed: KeywordSet, packs: Iterable[Pack]) -> KeywordSet:
    """The typed words first, then those of the packs; what is spelled the same stands once."""
    packs = list(packs)
    if not packs:
        return typed
    return KeywordSet(
        _once((*typed.opt_out, *(word for pack in packs for word in pack.opt_out))),
        _once((*typed.opt_in, *(word for pack in packs for word in pack.opt_in))),
    )


def conflicts(typed: KeywordSet, packs: Iterable[Pack]) -> list[str]:
    """Words that would opt out by one list and opt in by another, in sentences; typed ones among
    themselves are `check_words`'s to judge."""
    packs = list(packs)
    stops = {**_owned(packs, "opt_out"), **{bare_spelling(word): TYPED for word in typed.opt_out}}
    starts = [(word, TYPED) for word in typed.opt_in]
    starts += [(word, pack.title) for pack in packs for word in pack.opt_in]
    return [
        f"“{word}” opts in by {opts_in} and opts out by {stops[bare_spelling(word)]}. "
        f"A word does one of the two: switch a pack off or take the word out."
        for word, opts_in in starts
        if stops.get(bare_spelling(word), TYPED) != TYPED
        or (opts_in != TYPED and bare_spelling(word) in stops)
    ]


def _owned(packs: list[Pack], side: str) -> dict[tuple[str, ...], str]:
    return {bare_spelling(word): pack.title for pack in packs for word in getattr(pack, side)}


def _once(words: Iterable[str]) -> tuple[str, ...]:
    by_spelling: dict[tuple[str, ...], str] = {}
    for word in words:
        by_spelling.setdefault(spelling(word), word)
    return tuple(by_spelling.values())
