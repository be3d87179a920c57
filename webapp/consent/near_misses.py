"""Words that were probably meant to be a keyword: one slip away, or two where the keyword is long."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from webapp.consent.keyboards import NEIGHBOURS

LETTERS_FOR_ONE_EDIT = 4
LETTERS_FOR_TWO_EDITS = 8
_RUN = re.compile(r"(.)\1+", re.DOTALL)
_STRETCHED = re.compile(r"(.)\1{2,}", re.DOTALL)


class NearMisses:
    """An index of slips. One slip is looked up; two are compared with the long keywords of about that length.

    `keywords` maps the folded, solid form of each keyword to the keyword as configured.
    """

    def __init__(self, keywords: Mapping[str, str]) -> None:
        self._forms = {
            form: word for form, word in keywords.items() if _letters(form) >= LETTERS_FOR_ONE_EDIT
        }
        self._single_runs = {_with_single_letters(form): word for form, word in self._forms.items()}
        self._slips = {slip: word for form, word in self._forms.items() for slip in _slips(form)}
        self._long: dict[int, list[tuple[str, frozenset[str], str]]] = defaultdict(list)
        for form, word in self._forms.items():
            if _letters(form) >= LETTERS_FOR_TWO_EDITS:
                self._long[len(form)].append((form, frozenset(form), word))
        self._longest = max(map(len, self._forms), default=0) + 2

    def find(self, word: str) -> tuple[str, str] | None:
        """The keyword that `word` misses narrowly, and how, in words; None if there is none."""
        if keyword := self._single_runs.get(_with_single_letters(word)):
            return keyword, f"has the opt-out keyword {keyword} with doubled or stretched letters"
        word = _STRETCHED.sub(lambda run: run[1], word)
        if not LETTERS_FOR_ONE_EDIT - 1 <= len(word) <= self._longest:
            return None
        if keyword := self._slips.get(word) or self._with_a_letter_extra(word):
            return keyword, f"has a word one letter away from {keyword}"
        if keyword := self._two_edits_away(word):
            return keyword, f"has a word two letters away from {keyword}"
        return None

    def _with_a_letter_extra(self, word: str) -> str | None:
        shorter = (word[:at] + word[at + 1 :] for at in range(len(word)))
        return next((self._forms[form] for form in shorter if form in self._forms), None)

    def _two_edits_away(self, word: str) -> str | None:
        signs = frozenset(word)
        for length in range(len(word) - 2, len(word) + 3):
            for form, its_signs, keyword in self._long.get(length, ()):
                # Each edit changes at most one sign for another.
                if len(signs ^ its_signs) <= 4 and _within(word, form, 2):
                    return keyword
        return None


def _with_single_letters(word: str) -> str:
    return _RUN.sub(lambda run: run[1], word)


def _letters(form: str) -> int:
    return sum(map(str.isalpha, form))


def _slips(form: str) -> Iterator[str]:
    for at in range(len(form) - 1):
        yield form[:at] + form[at + 1] + form[at] + form[at + 2 :]
    for at in range(1, len(form) - 1):
        yield form[:at] + form[at + 1 :]
    for at, key in enumerate(form):
        yield from (form[:at] + other + form[at + 1 :] for other in NEIGHBOURS.get(key, ()))


def _within(one: str, other: str, edits: int) -> bool:
    """Whether `edits` letters left out, added, replaced or swapped with the next make one the other."""
    same = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), None)
    if same is None:
        return abs(len(one) - len(other)) <= edits
    if not edits:
        return False
    one, other = one[same:], other[same:]
    return (
        _within(one[1:], other, edits - 1)
        or _within(one, other[1:], edits - 1)
        or _within(one[1:], other[1:], edits - 1)
        or (one[:2] == other[1::-1] and _within(one[2:], other[2:], edits - 1))
    )
