"""Which of the words that patterns name a word of a message is: the same, a longer one, one with a slip."""

import re
from collections.abc import Iterable, Iterator

from webapp.consent.intents.patterns import TO_THE_LETTER

LETTERS_FOR_A_SLIP = 5
LETTERS_FOR_ANOTHER_LETTER = 6
WORDS_WITH_SLIPS = 400
"""How many unknown words of one message are compared; that many slips are no slips."""
LONGEST_WORD = 24
HEAD = 2
_STRETCHED = re.compile(r"(.)\1{2,}", re.DOTALL)


class Vocabulary:
    """The words that patterns name, those that end in * by their stems."""

    def __init__(self, words: Iterable[str]) -> None:
        self._named = frozenset(words)
        plain = {word.removeprefix(TO_THE_LETTER) for word in self._named}
        self._stems = {word[:-1] for word in plain if word.endswith("*")}
        self._words = self._named - {word for word in self._named if word.startswith(TO_THE_LETTER)}
        self._stem_lengths: dict[str, list[int]] = {}
        for stem in sorted(self._stems):
            lengths = self._stem_lengths.setdefault(stem[:HEAD], [])
            if len(stem) not in lengths:
                lengths.append(len(stem))
        self._shortened: dict[str, set[str]] = {}
        for word in sorted(self._words):
            if len(word) >= LETTERS_FOR_A_SLIP and word.isalpha():
                for _, shorter in _without_a_letter(word):
                    self._shortened.setdefault(shorter, set()).add(word)

    def kinds(self, words: list[str]) -> dict[str, frozenset[str]]:
        """The named words that each word of a message is; words that are none are left out."""
        found: dict[str, frozenset[str]] = {}
        unknown = WORDS_WITH_SLIPS
        for word in dict.fromkeys(words):
            kinds = self._known(word)
            if word not in self._words and unknown and LETTERS_FOR_A_SLIP <= len(word) <= LONGEST_WORD:
                unknown -= 1
                kinds |= self._slipped(word)
            if kinds:
                found[word] = kinds
        return found

    def _known(self, word: str) -> frozenset[str]:
        lengths = self._stem_lengths.get(word[:HEAD], ())
        stems = [f"{word[:length]}*" for length in lengths if word[:length] in self._stems]
        marked = [f"{TO_THE_LETTER}{kind}" for kind in (word, *stems)]
        return self._named.intersection((word, *stems, *marked))

    def _slipped(self, word: str) -> frozenset[str]:
        calm = _STRETCHED.sub(lambda run: run[1], word)
        if calm != word and (kinds := self._known(calm)):
            return kinds
        return frozenset(self._one_slip_away(calm))

    def _one_slip_away(self, word: str) -> Iterator[str]:
        yield from (near for near in self._shortened.get(word, ()) if near[0] == word[0])
        for at, shorter in _without_a_letter(word):
            if shorter in self._words and len(shorter) >= LETTERS_FOR_A_SLIP:
                yield shorter
            for near in self._shortened.get(shorter, ()):
                if _swapped(word, near) or _another_letter(word, near, at):
                    yield near


def _without_a_letter(word: str) -> Iterator[tuple[int, str]]:
    """`word` without each of its letters but the first."""
    return ((at, word[:at] + word[at + 1 :]) for at in range(1, len(word)))


def _swapped(word: str, near: str) -> bool:
    return len(word) == len(near) and sorted(word) == sorted(near)


def _another_letter(word: str, near: str, at: int) -> bool:
    return (
        len(word) == len(near) >= LETTERS_FOR_ANOTHER_LETTER
        and word[:at] == near[:at]
        and word[at + 1 :] == near[at + 1 :]
    )
