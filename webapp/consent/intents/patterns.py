"""The small language in which the patterns of requests are written down, one to a line.

    stop|quit .. SEND        one of two words, up to three words between, one word of the class SEND
    < not_now >              two words in a row that are the whole message
    no .. MESSAGE .. pls|>   and then "pls" within three words, or at once the end of the message
    abmeld*                  any word that begins so

`..` stands for up to three words of any kind, `...` for up to six; else words follow
each other. A class is a name in capitals; an underscore parts the words of one alternative. Scripts without
spaces are read sign by sign, so there a word is as long as it is and a gap counts signs.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from webapp.consent.folding import fold, tokens, without_accents
from webapp.consent.look_alikes import UNSPACED

Words = tuple[str, ...]
"""One alternative: words in a row. A word that ends in * stands for all that begin so."""
Atom = frozenset[Words]
START, END = "<", ">"
TO_THE_LETTER = "="
"""Stands before a word that has to be typed without a slip: the only one of its pattern."""
GAPS = {"..": 3, "...": 6}
_SENTINELS = frozenset({(START,), (END,)})
_PIECE = re.compile(f"[{UNSPACED}]|[^{UNSPACED}]+")
_CLASS = re.compile("[A-Z]+")


@dataclass(frozen=True)
class Step:
    """An atom and how many words may stand between it and the one before; or, if it may close, instead of it
    the end of the message right after the one before."""

    atom: Atom
    gap: int
    may_close: bool = False


Pattern = tuple[Step, ...]
Spell = Callable[[str], str]


def pieces(word: str) -> list[str]:
    """The parts of a word that are compared: signs of scripts without spaces, and runs of all others."""
    return _PIECE.findall(word)


def parse(line: str, classes: Mapping[str, Atom], spell: Spell = str) -> Pattern:
    """Read one line. `spell` rewrites its words as those of the messages are rewritten that it is for."""
    steps = tuple(_steps(line.split(), classes, spell))
    worded = [step for step in steps if not step.atom <= _SENTINELS]
    return (
        steps if len(worded) > 1 else tuple(replace(step, atom=_to_the_letter(step.atom)) for step in steps)
    )


def parse_class(line: str, spell: Spell = str) -> Atom:
    """Read the alternatives of a class, parted by spaces."""
    return frozenset(_words(alternative, spell) for alternative in line.split())


def _to_the_letter(atom: Atom) -> Atom:
    # One word alone says too little to allow a slip in it: Spanish "parece" is no "párele".
    single = {words for words in atom - _SENTINELS if len(words) == 1}
    return (atom - single) | {(f"{TO_THE_LETTER}{word}",) for (word,) in single}


def _steps(marks: list[str], classes: Mapping[str, Atom], spell: Spell) -> Iterator[Step]:
    gap = 0
    for mark in marks:
        if mark in GAPS:
            gap = GAPS[mark]
        else:
            atom = _atom(mark, classes, spell)
            words = atom - {(END,)}
            yield Step(words or atom, gap, may_close=bool(words) and words != atom)
            gap = 0


def _atom(mark: str, classes: Mapping[str, Atom], spell: Spell) -> Atom:
    parts = (
        classes[part] if _CLASS.fullmatch(part) else frozenset({_words(part, spell)})
        for part in mark.split("|")
    )
    return frozenset().union(*parts)


def _words(alternative: str, spell: Spell) -> Words:
    if alternative in (START, END):
        return (alternative,)
    stem = "*" if alternative.endswith("*") else ""
    words = tokens(without_accents(fold(alternative)))
    parts = [piece for word in words for piece in pieces(spell(word))]
    return (*parts[:-1], parts[-1] + stem)
