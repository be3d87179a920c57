"""Messages that consist of keywords and of nothing else: the only texts that change a state by themselves."""

from collections.abc import Iterable

from webapp.consent.keyword_sets import LONGEST_WORD, KeywordSet, bare_spelling, spelling
from webapp.consent.phrases import Spelling
from webapp.consent.readings import Decision, Reading


class WholeMessages:
    """The configured keywords by their spelling, with and without accents."""

    def __init__(self, words: KeywordSet) -> None:
        self._stops = {spelling(word): word for word in words.opt_out if spelling(word)}
        self._starts = {spelling(word): word for word in words.opt_in if spelling(word)}
        self._bare_stops = {bare_spelling(word): word for word in words.opt_out if spelling(word)}
        self._only_stops = _Rows([*self._stops, *self._bare_stops])
        self._only_starts = _Rows(self._starts)
        self._mixed = _Rows([*self._stops, *self._bare_stops, *self._starts])

    def read(self, said: Spelling, bare: Spelling) -> Reading | None:
        """Read a message by its tokens, with and without accents; None if it holds more than keywords."""
        if word := self._stops.get(said):
            return Reading(Decision.OPT_OUT, word, f"is the opt-out keyword {word}")
        if word := self._starts.get(said):
            return Reading(Decision.OPT_IN, word, f"is the opt-in keyword {word}")
        if word := self._bare_stops.get(bare):
            return _accented(word, other_accents=said != bare)
        return self._several(said)

    def _several(self, said: Spelling) -> Reading | None:
        if self._only_stops.make_up(said):
            return Reading(Decision.OPT_OUT, self._first(said), "holds opt-out keywords and nothing else")
        if self._mixed.make_up(said) and not self._only_starts.make_up(said):
            return Reading(Decision.REVIEW, self._first(said), "mixes opt-out and opt-in keywords")
        return None

    def _first(self, said: Spelling) -> str:
        named = self._starts | self._bare_stops | self._stops
        beginnings = (said[:length] for length in range(LONGEST_WORD, 0, -1))
        return next(named[row] for row in beginnings if row in named)


def _accented(word: str, other_accents: bool) -> Reading:
    # Vietnamese dùng, "to use", is another word than dừng, "stop"; without accents a message says either.
    if other_accents:
        return Reading(Decision.REVIEW, word, f"is the opt-out keyword {word} with other accents")
    return Reading(Decision.OPT_OUT, word, f"is the opt-out keyword {word} without its accents")


class _Rows:
    """Rows of tokens, by their first."""

    def __init__(self, rows: Iterable[Spelling]) -> None:
        self._by_first: dict[str, set[Spelling]] = {}
        for row in rows:
            self._by_first.setdefault(row[0], set()).add(row)

    def make_up(self, said: Spelling) -> bool:
        """Whether `said` is nothing but such rows, one after the other."""
        ends = {0}
        for at, token in enumerate(said):
            if not ends:
                return False
            if at in ends:
                ends.remove(at)
                rows = self._by_first.get(token, ())
                ends |= {at + len(row) for row in rows if said[at : at + len(row)] == row}
        return bool(said) and len(said) in ends
