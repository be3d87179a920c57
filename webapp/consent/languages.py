"""In which language was it probably written? A guess for people, and nothing is decided by it. Pure.

The script tells, and where several languages share one, the words that the patterns of requests know.
"""

import re
import tomllib
import unicodedata
from collections import Counter
from functools import lru_cache
from importlib import resources

from webapp.consent import intents
from webapp.consent.folding import fold, tokens, without_accents

SIGNS_LOOKED_AT = 500
ENOUGH = 0.5
"""Weight that a language needs: one word that two languages share is none of either."""
ENGLISH = "English"
OF_MANY = "others.toml"
"""A few words of each of many languages."""
SCRIPTS = {
    "HIRAGANA": "Japanese", "KATAKANA": "Japanese", "HANGUL": "Korean", "CJK": "Chinese", "THAI": "Thai",
    "HEBREW": "Hebrew", "GREEK": "Greek", "BENGALI": "Bengali", "TAMIL": "Tamil", "TELUGU": "Telugu",
    "GUJARATI": "Gujarati", "GURMUKHI": "Punjabi", "ARMENIAN": "Armenian", "GEORGIAN": "Georgian",
    "ARABIC": "Arabic script", "CYRILLIC": "Cyrillic script", "DEVANAGARI": "Devanagari script",
}  # fmt: skip
_NAME = re.compile(r"\b[A-Z]+\b")


def guess(text: str) -> str:
    """The name of a language, or of a script that several share; "" when nothing tells."""
    text = text[:SIGNS_LOOKED_AT]
    return _by_words(tokens(without_accents(fold(text)))) or SCRIPTS.get(_script(text), "")


def _script(text: str) -> str:
    """Kana tell Japanese, however many Chinese signs stand around them."""
    counted = Counter(unicodedata.name(sign, "").partition(" ")[0] for sign in text if sign.isalpha())
    kana = counted["HIRAGANA"] + counted["KATAKANA"]
    return "HIRAGANA" if kana else max(counted, key=counted.__getitem__, default="")


def _by_words(words: list[str]) -> str:
    """The language that knows most of the words, each counting less the more languages know it."""
    weights: Counter[str] = Counter()
    for word in words:
        knowing = [language for language, known in _vocabularies().items() if word in known]
        for language in knowing:
            weights[language] += 1 / len(knowing)
    best = weights.most_common(2)
    if not best or best[0][1] < ENOUGH:
        return ""
    tied = {language for language, weight in weights.items() if weight == best[0][1]}
    if len(tied) > 1:  # the others borrow from English, and it borrows least
        return ENGLISH if ENGLISH in tied else ""
    return best[0][0]


@lru_cache
def _vocabularies() -> dict[str, frozenset[str]]:
    found = resources.files(intents).iterdir()
    files = [file for file in found if file.name.endswith(".toml") and file.name != OF_MANY]
    return {
        file.name.removesuffix(".toml").replace("_", " ").title(): _words(file.read_text(encoding="utf-8"))
        for file in sorted(files, key=lambda file: file.name)
    }


def _words(source: str) -> frozenset[str]:
    """Every word of a language's classes and patterns; the names of classes are in capitals."""
    language = tomllib.loads(source)
    lists = [*language.get("classes", {}).values()]
    lists += [language.get(part, {}).get("patterns", "") for part in ("asks", "innocent")]
    words = _NAME.sub(" ", " ".join(lists))
    return frozenset(tokens(without_accents(fold(words))))
