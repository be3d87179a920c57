"""Passwords that are tried before all others: common ones, and those made of what others know. Pure.

A list and no estimate of strength: the ten thousand most common passwords that are long enough stand in it,
and whoever is refused can be told why.
"""

import re
import unicodedata
from collections.abc import Iterable

from webapp.paths import COMMON_PASSWORDS

OF_THE_PRODUCT = ("heed", "whatsapp", "consent", "optin", "optout")
SHORTEST_WORD = 3
"""Shorter ones stand in any text."""


def is_common(password: str) -> bool:
    return _folded(password).strip() in COMMON_PASSWORDS.read_text(encoding="utf-8").splitlines()


def repeated_part(password: str) -> int:
    """The length of the part of which the whole is a repetition: all of it for what repeats nothing."""
    return (password + password).find(password, 1)


def own_part(password: str, known: Iterable[str]) -> int:
    """How many letters and digits are left without what others know: `known`, and the product's words. All
    signs, where they know nothing of it."""
    rest = whole = _letters_and_digits(password)
    for word in sorted(_words(known), key=len, reverse=True):
        rest = rest.replace(word, "")
    return len(password if rest == whole else rest)


def _words(known: Iterable[str]) -> set[str]:
    """Whole texts without what is no letter or digit, and their parts."""
    words = set(OF_THE_PRODUCT)
    for text in known:
        words |= {_letters_and_digits(text), *re.split(r"[\W_]+", _folded(text))}
    return {word for word in words if len(word) >= SHORTEST_WORD}


def _letters_and_digits(text: str) -> str:
    return "".join(sign for sign in _folded(text) if sign.isalnum())


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
