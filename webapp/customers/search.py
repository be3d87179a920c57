"""What the search box compares: folded names, and the digits of numbers in any writing."""

import re
import unicodedata
from collections.abc import Iterable

from webapp.consent import folding
from webapp.customers.models import Customer, IdentityKind
from webapp.customers.phone_forms import digits, match_key

# Letters that Unicode does not decompose, though people leave their strokes and ligatures out when they type.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})
_ACCENTS = re.compile(f"[{folding.ACCENTS}]+")
NUMBER_KINDS = frozenset({IdentityKind.PHONE, IdentityKind.WA_ID})
FEWEST_DIGITS = 3
"""Fewer digits than this are looked for as a word only."""


def fold(text: str) -> str:
    """`text` in lower case on one line, without the accents of Latin, Greek and Cyrillic letters.

    Marks of other scripts stay where they make another word of it (Indic, Thai, kana). Idempotent.
    """
    if not text.isascii() and _LATIN.fullmatch(text):
        text = text.translate(_BY_THEMSELVES)
    return _folded(text)


def _folded(text: str) -> str:
    folded = folding.fold(text)
    if folded.isascii():
        return " ".join(folded.split())
    decomposed = unicodedata.normalize("NFD", folded.translate(_PLAIN_LETTERS))
    return " ".join(unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).split())


_BY_THEMSELVES = {
    ord(letter): folded
    for letter in map(chr, range(0xC0, 0x180))
    if letter.isalpha() and (folded := _folded(letter)).isascii()
}
"""Accented Latin letters: each folds into the same letters whatever stands beside it."""
_LATIN = re.compile(f"[\x00-\x7f{''.join(map(chr, _BY_THEMSELVES))}]{{0,1000}}")
"""Most names of the West, and three times as fast."""


def searchable(name: str, numbers: Iterable[str]) -> str:
    """The text that is searched for a customer: the folded name, the numbers and their canonical forms."""
    forms: dict[str, None] = {}
    for number in map(digits, numbers):
        forms[number] = forms[match_key(number)] = None
    return " ".join(filter(None, [fold(name), *forms]))


def number_in(query: str) -> str:
    """The digits of a query that can only be meant as a number, without prefixes for dialling; else empty.

    A leading 00 or a national 0 is not part of the international number that we keep.
    """
    if any(map(str.isalpha, query)):
        return ""
    number = digits(query).lstrip("0")
    return number if len(number) >= FEWEST_DIGITS else ""


def refresh(customer: Customer) -> None:
    """Write the text that is searched for this customer."""
    numbers = [identity.value for identity in customer.identities if identity.kind in NUMBER_KINDS]
    customer.search = searchable(customer.name, numbers)
