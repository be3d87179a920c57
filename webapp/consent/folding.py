"""Fold a text so that two spellings of the same word become equal, and split it into tokens.

The fold keeps every mark that makes another word of it: Indic, Thai and kana marks, the breve of й, the
accents of Latin letters (`without_accents` drops those in a second step, because a message that carries
*other* accents than the keyword may be another word).
"""

import re
import unicodedata
from itertools import groupby

APOSTROPHES = "'`´ʻʼ‘’‛′＇"
# Unicode's Default_Ignorable_Code_Point, which the standard library does not offer, and interlinear marks.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Without the controls that are white space: they part words.
CONTROLS = "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
# Marks that sit on Latin, Greek and Cyrillic letters; other scripts have their own.
ACCENTS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20f0\ufe20-\ufe2f"
HEBREW_POINTS = "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
# Vowel marks, Koranic marks, tatweel and, once decomposed, the hamza and the madda on their carriers.
ARABIC_MARKS = (
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff"
)
# No word needs more, and putting marks in order takes CPython quadratic time.
MARKS_IN_A_ROW = 16
LONGEST_TEXT = 65_536
"""Characters of one message that are read. WhatsApp's own limit for a text is 4,096."""


def _marks(first: int, end: int) -> str:
    """All combining marks of a range of code points, as the inside of a regular expression's set."""
    points = (n for n in range(first, end) if unicodedata.category(chr(n))[0] == "M")
    runs = (list(run) for _, run in groupby(enumerate(points), lambda pair: pair[1] - pair[0]))
    return "".join(f"{chr(run[0][1])}-{chr(run[-1][1])}" for run in runs)


# Two sets, because one set across the planes is twenty times slower. Beyond the second plane the only marks
# are variation selectors, which the fold drops.
_MARK = _marks(0x80, 0x10000)
_RARE_MARK = f"(?=[\U00010000-\U0001ffff])[{_marks(0x10000, 0x20000)}]"
_SURROGATE = re.compile("[\ud800-\udfff]")
_DROPPED = re.compile(f"[{APOSTROPHES}{IGNORABLE}{CONTROLS}]")
# Signs that part words may be in the pile too: this tests faster than marks alone, and they are not compared.
_PILED_MARKS = re.compile(rf"[^\w\s\x00-\x7f]{{{MARKS_IN_A_ROW + 1},}}")
_DOTTED_I = re.compile("i\u0307+")
_POINTS = re.compile(f"[{HEBREW_POINTS}{ARABIC_MARKS}]")
_GREEK = re.compile("([\u0370-\u03ff])([\u0300-\u036f]+)")
_CYRILLIC_VOWEL = re.compile("([аеиоуыэюяєі])([\u0300-\u036f]+)")
_ACCENT = re.compile(f"(?<![\u0370-\u052f{ACCENTS}])[{ACCENTS}]+")
_ASCII_WORD = re.compile("[a-z0-9]+")
_WORD = re.compile(f"(?:[\\w{_MARK}]+|{_RARE_MARK})+")
_PLAIN_LETTERS = str.maketrans({"ı": "i", "ٱ": "ا", "_": " "})
_ASCII = {n: None if _DROPPED.match(chr(n)) else chr(n).replace("_", " ").lower() for n in range(0x80)}
"""Each sign, also those that stay: to find that one is missing takes ten times as long as to find it."""


def fold(text: str) -> str:
    """`text` as it is compared. Any string gives one, folding twice changes nothing, white space stays.

    Only the first `LONGEST_TEXT` characters count, with ligatures taken apart (one has eighteen letters).
    """
    if text.isascii():
        return text[:LONGEST_TEXT].translate(_ASCII)
    text = _without_piles(_SURROGATE.sub("\ufffd", text))
    text = _case_folded(_DROPPED.sub("", text))
    text = unicodedata.normalize("NFD", text.translate(_PLAIN_LETTERS))
    text = _DOTTED_I.sub("i", _without_stress(_POINTS.sub("", text)))
    return unicodedata.normalize("NFC", _without_piles(text))


def tokens(folded: str) -> list[str]:
    """The words of a folded text: runs of letters, digits and marks with at least one letter or digit."""
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return [word for word in _WORD.findall(folded) if word.isalnum() or any(map(str.isalnum, word))]


def without_accents(folded: str) -> str:
    """A folded text without the marks on Latin letters; those with a stroke (đ, ł, ø) are other letters."""
    if folded.isascii():
        return folded
    bare = _ACCENT.sub("", unicodedata.normalize("NFD", folded))
    return unicodedata.normalize("NFC", bare)


def _without_piles(text: str) -> str:
    return _PILED_MARKS.sub(lambda match: match[0][:MARKS_IN_A_ROW], text)


def _case_folded(text: str) -> str:
    # Compatibility forms hide apostrophes and fillers (ŉ, the half-width Hangul filler), and case folding can
    # give new ones, hence the order: compose, fold, compose, then drop what came to light.
    text = unicodedata.normalize("NFKC", text)[:LONGEST_TEXT].casefold()
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text)).casefold()


def _without_stress(decomposed: str) -> str:
    text = _GREEK.sub(lambda match: match[1] + re.sub("[^\u0308]", "", match[2]), decomposed)
    return _CYRILLIC_VOWEL.sub(lambda match: match[1] + re.sub("[\u0300\u0301]", "", match[2]), text)
