"""Does a message that is no keyword ask, or perhaps ask, to stop? Then marketing waits and a person reads it.

A wrong hold delays an advertisement, a missed request is a breach: so this errs towards asking a person.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from webapp.consent.folding import fold, tokens, without_accents
from webapp.consent.intents.grammar import grammar
from webapp.consent.intents.wording import Wording
from webapp.consent.keyword_sets import KeywordSet, is_core
from webapp.consent.links import without_links
from webapp.consent.look_alikes import guessed, spelled_out, taken_apart, with_look_alikes
from webapp.consent.near_misses import NearMisses
from webapp.consent.phrases import Passage, Phrases, Spelling
from webapp.consent.weighing.weights import is_weighed, may_refuse, weights

Finding = tuple[str, str]
"""The keyword or phrase that was found, as configured, and how it was found, in words."""

WORDS_AROUND_AN_OPT_IN = 3
PARTS_OF_A_WORD = 5
"""How many pieces of one keyword are put together again ("un sub scribe")."""
# What follows costs more for each word, so a long message is searched at both its ends only.
WORDS_JOINED = 2000
WORDS_COMPARED = 200
SIGNS_TAKEN_APART = 4096


class PossibleStops:
    """What to look for, compiled from the configured keywords."""

    def __init__(self, words: KeywordSet) -> None:
        self._literal = _Search(words, str)
        self._guessed = _Search(words, with_look_alikes)

    def find(self, bare: str, words: list[str]) -> Finding | None:
        """The first thing that may be a request to stop, or None.

        `bare` is the folded message without accents, `words` are its tokens.
        """
        length = len(words)
        text = without_links(bare)
        literal = self._literal.wording(words if text == bare else tokens(text))
        request = _weighed(literal, text) if is_weighed(literal.telling()) else _by_patterns(literal)
        if found := self._literal.find(literal, length, request):
            return found
        # What the patterns found here, and the weights refused, is not to be found in another spelling.
        refused = literal.request()
        others = (
            search.find(wording, length, None if refused else _by_patterns(wording))
            for search, wording in self._other_readings(text)
        )
        return next(filter(None, others), None)

    def _other_readings(self, text: str) -> Iterator[tuple["_Search", Wording]]:
        if (ends := _ends(text)) != text:
            yield self._literal, self._literal.wording(tokens(ends))
        yield from ((self._literal, self._literal.wording(words)) for words in taken_apart(ends))
        yield from ((self._guessed, self._guessed.wording(words)) for words in guessed(ends))


def _ends(text: str) -> str:
    """A text of a length to take apart. The tail leaves some words out: a phrase may have been cut in two."""
    if len(text) <= SIGNS_TAKEN_APART:
        return text
    half = SIGNS_TAKEN_APART // 2
    return f"{text[:half]} {text[-half:].split(' ', 4)[-1]}"


class _Search:
    """The keywords and phrases, all spelled in one way: literally, or with look-alikes replaced."""

    def __init__(self, words: KeywordSet, spell: Callable[[str], str]) -> None:
        def named(phrases: Iterable[str]) -> dict[Spelling, str]:
            return {tuple(tokens(spell(without_accents(fold(phrase))))): phrase for phrase in phrases}

        core = named(filter(is_core, words.opt_out))
        self._keywords = Phrases(core)
        self._opt_ins = Phrases(named(word for word in words.opt_in if tokens(fold(word))))
        self._grammar = grammar(spell)
        self._solid = {"".join(key): word for key, word in core.items()}
        self._slips = {
            size: NearMisses({"".join(key): word for key, word in core.items() if len(key) == size})
            for size in {len(key) for key in core}
        }

    def wording(self, words: list[str]) -> Wording:
        return Wording(words, self._grammar)

    def find(self, wording: Wording, length: int, request: Finding | None) -> Finding | None:
        """The first finding in one reading of a message that has `length` words and perhaps a request."""
        passage = Passage(wording.left())
        spelled = spelled_out(passage.ends(WORDS_JOINED))
        return (
            self._keyword(passage)
            or request
            or self._in_parts(passage, spelled)
            or self._slip(passage, spelled)
            or self._opt_in(passage, length)
        )

    def _keyword(self, passage: Passage) -> Finding | None:
        word = self._keywords.within(passage)
        return (word, f"contains the opt-out keyword {word}") if word else None

    def _in_parts(self, passage: Passage, spelled: list[str]) -> Finding | None:
        runs = " ".join(spelled)
        word = next((word for form, word in self._solid.items() if form in runs), None)
        joined = passage.joined(2, PARTS_OF_A_WORD, WORDS_JOINED)
        word = word or next((self._solid[form] for form in joined if form in self._solid), None)
        return (word, f"has the opt-out keyword {word} in parts") if word else None

    def _slip(self, passage: Passage, spelled: list[str]) -> Finding | None:
        for size, slips in self._slips.items():
            candidates = chain(passage.joined(size, size, WORDS_COMPARED), spelled[:WORDS_COMPARED])
            found = map(slips.find, dict.fromkeys(candidates))
            if finding := next(filter(None, found), None):
                return finding
        return None

    def _opt_in(self, passage: Passage, length: int) -> Finding | None:
        word = self._opt_ins.as_words(passage) if length <= WORDS_AROUND_AN_OPT_IN else None
        # Where words are not parted, a word is as long as the keyword.
        word = word or self._opt_ins.without_spaces(passage, times=WORDS_AROUND_AN_OPT_IN)
        return (word, f"has the opt-in keyword {word} among other words") if word else None


def _weighed(wording: Wording, text: str) -> Finding | None:
    """A request by all that the message holds, `text` being the message as folded."""
    words = wording.telling()
    verdict = weights().weigh(words, text, wording.verdicts())
    if not verdict.asks:
        return None if may_refuse(words) else _by_patterns(wording)
    return _request(wording.request() or " ".join(words[at] for at in verdict.words))


def _by_patterns(wording: Wording) -> Finding | None:
    return _request(wording.request())


def _request(said: str | None) -> Finding | None:
    return (said, f"asks to be left alone (“{said}”)") if said else None
