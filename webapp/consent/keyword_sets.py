"""The opt-out and opt-in keywords of a business: which words may be configured, and how they are kept."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from webapp.consent.folding import fold, tokens, without_accents
from webapp.consent.words import EXACT_ONLY

LONGEST_WORD = 40
"""Characters of one keyword."""
MOST_WORDS = 200
"""Keywords in one list."""
LETTERS_OF_A_CORE_WORD = 4
_SEPARATORS = re.compile("[,;\n\r\v\f\x85\u2028\u2029،؛、，；]")
_ALPHABET = re.compile("[a-z0-9\u00df-\u052f\u1e00-\u1fff]*")
# Joiners shape Persian and Indic words, so they may stand in a keyword; other invisible signs may not.
_JOINERS = "\u200c\u200d"
_GEORGIAN = re.compile("[\u10d0-\u10ff]")
_EXACT_ONLY = frozenset(tuple(tokens(without_accents(fold(word)))) for word in EXACT_ONLY)


@dataclass(frozen=True)
class KeywordSet:
    """The configured keywords, as `check_words` writes them. Upper and lower case do not matter."""

    opt_out: tuple[str, ...] = ("STOP",)
    opt_in: tuple[str, ...] = ("START",)


def spelling(word: str) -> tuple[str, ...]:
    """The tokens by which a keyword is compared: OPT-OUT and "opt out" have the same, OPTOUT another."""
    return tuple(tokens(fold(word)))


def bare_spelling(word: str) -> tuple[str, ...]:
    """`spelling` without the accents of Latin letters."""
    return tuple(tokens(without_accents(fold(word))))


def is_core(word: str) -> bool:
    """Whether a keyword inside a longer message asks for a person's look; if not, it counts alone only.

    In an alphabet short words are ordinary ones (END, RET); two signs of Hebrew, Hindi or Chinese are a word.
    """
    bare = bare_spelling(word)
    solid = "".join(bare)
    fewest = LETTERS_OF_A_CORE_WORD if _ALPHABET.fullmatch(solid) else 2
    return bare not in _EXACT_ONLY and sum(map(str.isalpha, solid)) >= fewest


def parse_words(raw: str) -> list[str]:
    """The words of a pasted list, parted by line ends or by commas and semicolons of any script."""
    return [word for word in map(_trimmed, _SEPARATORS.split(raw)) if word]


def check_words(opt_out: Sequence[str], opt_in: Sequence[str], enabled: bool) -> tuple[KeywordSet, list[str]]:
    """The two lists as they would be kept, and what speaks against keeping them, in sentences.

    `enabled` says whether customers can opt out by a word at all. Keep the set only if there are no errors.
    """
    words = KeywordSet(_written(opt_out), _written(opt_in))
    errors = [error for word in (*opt_out, *opt_in) if (error := _fault(_upper(_trimmed(word))))]
    errors += _faults_of_list("opt-out", words.opt_out) + _faults_of_list("opt-in", words.opt_in)
    errors += _in_both(words)
    if enabled and not words.opt_out:
        errors.append("Add at least one opt-out keyword, else no customer can opt out by a reply.")
    return words, list(dict.fromkeys(errors))


def _trimmed(word: str) -> str:
    visible = "".join(sign for sign in word if sign in _JOINERS or sign.isspace() or _shows(sign))
    return unicodedata.normalize("NFC", " ".join(visible.split()))


def _shows(sign: str) -> bool:
    return unicodedata.category(sign) not in ("Cc", "Cf", "Cs")


def _written(words: Iterable[str]) -> tuple[str, ...]:
    by_spelling: dict[tuple[str, ...], str] = {}
    for word in map(_trimmed, words):
        by_spelling.setdefault(spelling(word), _upper(word))
    return tuple(word for key, word in by_spelling.items() if key)


def _upper(word: str) -> str:
    upper = unicodedata.normalize("NFC", word.upper())
    # Georgian capitals are missing from most fonts, and nobody writes with them.
    return word if _GEORGIAN.search(word) or spelling(upper) != spelling(word) else upper


def _fault(word: str) -> str | None:
    if not word:
        return "A keyword is empty. Type a word or take it out."
    if len(word) > LONGEST_WORD:
        return f"“{word[:LONGEST_WORD]}…” is longer than {LONGEST_WORD} characters. Use a shorter keyword."
    signs = sum(map(str.isalnum, "".join(spelling(word))))
    if not signs:
        return f"“{word}” holds no letter or digit, so no message can match it."
    if signs == 1:
        return f"“{word}” is too short, as one letter or digit answers any question. Use at least two."
    return None


def _faults_of_list(name: str, words: tuple[str, ...]) -> list[str]:
    if len(words) <= MOST_WORDS:
        return []
    return [f"There are {len(words)} {name} keywords. Keep at most {MOST_WORDS}."]


def _in_both(words: KeywordSet) -> list[str]:
    stops = set(map(bare_spelling, words.opt_out))
    both = [word for word in words.opt_in if bare_spelling(word) in stops]
    return [f"“{word}” is in both lists. A keyword either opts out or opts in." for word in both]
