"""What the search box compares: folded names, and the digits of numbers in any writing."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement

from webapp.consent import folding
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.customers.phone_forms import digits, match_key
from webapp.customers.search_index import SHORTEST

# Letters that Unicode does not decompose, though people leave their strokes and ligatures out when they type.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})
_ACCENTS = re.compile(f"[{folding.ACCENTS}]+")
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003fffd"
"""Chinese characters, kana and Hangul: a name is two or three of them, and so is what people search for."""
_UNSPACED_RUN = re.compile(f"[{_UNSPACED}]{{2,}}")
_RECORD = re.compile(r"customer ([0-9]{1,18})")
NUMBER_KINDS = frozenset({IdentityKind.PHONE, IdentityKind.WA_ID})
FEWEST_DIGITS = 3
"""Fewer digits than this are looked for as a word only."""


def is_number(identity: type[Identity]) -> ColumnElement[bool]:
    """Whether an identity is a number, beside a condition that names which. The empty text keeps SQLite from
    reading all numbers by the index on kinds, which it would sooner than look up three match keys."""
    return identity.kind.concat("").in_(NUMBER_KINDS)


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


_BY_THEMSELVES = {sign: chr(sign) for sign in range(0x80)} | {
    ord(letter): folded
    for letter in map(chr, range(0xC0, 0x180))
    if letter.isalpha() and (folded := _folded(letter)).isascii()
}
"""Accented Latin letters: each folds into the same letters whatever stands beside it; and ASCII as it is."""
_LATIN = re.compile(f"[{re.escape(''.join(map(chr, _BY_THEMSELVES)))}]{{0,1000}}")
"""Most names of the West, and three times as fast."""


def searchable(name: str, numbers: Iterable[str]) -> str:
    """The text that is searched for a customer with these numbers."""
    return text_of(name, (form for number in map(digits, numbers) for form in (number, match_key(number))))


def text_of(name: str, forms: Iterable[str]) -> str:
    """The text that is searched: the folded name, the digits of the numbers and their canonical forms, and
    each pair of neighbours in a name without spaces, for the index knows nothing shorter than three signs."""
    folded = fold(name)
    pairs = () if folded.isascii() else dict.fromkeys(_pairs(folded))
    return " ".join(filter(None, [folded, *dict.fromkeys(forms), *pairs]))


def parts(query: str) -> tuple[str, ...]:
    """The parts of the searched text that a query asks for: words, or parts of words, each in full.

    Two letters or digits are looked for where a word begins, which the space before them says. Each two signs
    of a name without spaces are a word of their own.
    """
    words = fold(query).split()
    return tuple(f" {word}" if len(word) == SHORTEST - 1 and word.isalnum() else word for word in words)


def _pairs(folded: str) -> Iterator[str]:
    for run in _UNSPACED_RUN.findall(folded):
        yield from (run[at : at + 2] for at in range(len(run) - 1))


def number_in(query: str) -> str:
    """The digits of a query that can only be meant as a number, without prefixes for dialling; else empty.

    A leading 00 or a national 0 is not part of the international number that we keep.
    """
    if any(map(str.isalpha, query)):
        return ""
    number = digits(query).lstrip("0")
    return number if len(number) >= FEWEST_DIGITS else ""


def record_in(query: str) -> int | None:
    """The id in what a customer without a name is called (`Customer.label`)."""
    said = _RECORD.fullmatch(fold(query))
    return int(said[1]) if said else None


def refresh(customer: Customer) -> None:
    """Write the text that is searched for this customer."""
    numbers = [identity.value for identity in customer.identities if identity.kind in NUMBER_KINDS]
    customer.search = searchable(customer.name, numbers)
