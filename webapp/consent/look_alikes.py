"""Signs that stand for letters: look-alikes of other scripts, digits and symbols.

People use them for fun or to get past a filter. What is found with their help is a guess, so it only ever
asks for a person's look.
"""

import re
from collections.abc import Iterator

from webapp.consent.folding import tokens

# Texts come here with their case folded, so a capital's look counts too: т stands for Т, and н for Н.
_LETTERS = {
    "Cyrillic": ("аеёорсухіїѕјһԁԛԝткмнвзг", "aeeopcyxiisjhdqwtkmhber"),
    "Greek": ("αβεζηικμνορτυχωσγ", "abezhikmnoptyxwsy"),
    "Armenian": ("օսոհցզյ", "ounhgqj"),
    "Cherokee": ("ᎪᎬᎻᎫᏦᏞᎷᏢᏚᎢᏔᏃᏟᏴᎠᏀᏙ", "aehjklmpstwzcbdgv"),
    "Lisu": ("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou"),
    "Latin": ("łøŧɑɡɩʂʈɵɔ", "lotagistoo"),
    "small capitals": ("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnoprstuvwyz"),
    "Arabic and Persian": ("ىیکةہھ", "ييكههه"),
    "circles": ("○◯⭕●◎◉🔴⚪⚫🛑", "oooooooooo"),
}
# Negative circled letters, negative squared letters and the halves of flags have no compatibility form.
_ALPHABETS = (0x1F150, 0x1F170, 0x1F1E6)
_LOOK_ALIKES = {
    ord(sign): letter
    for signs, letters in _LETTERS.values()
    for sign, letter in zip(signs, letters, strict=True)
}
_LOOK_ALIKES |= {first + n: chr(ord("a") + n) for first in _ALPHABETS for n in range(26)}

_SYMBOLS = {
    "$": "s",
    "§": "s",
    "@": "a",
    "€": "e",
    "£": "l",
    "¢": "c",
    "!": "1",
    "|": "1",
    "¡": "1",
    "+": "t",
}
# A symbol is a letter only before a letter: "never stop!" ends in none, and $700 is a price.
_SYMBOL = re.compile(r"[$§@€£¢](?=[^\W\d])|(?<=\w)[!|¡+](?=[^\W\d])")
_DIGITS = str.maketrans("023456789", "ozeasgtbg")
# A letter that someone covered up: st*p.
_COVERED = re.compile(r"(?<=\w)[*@#%&^•·°](?=\w)")

# Scripts that put no space between words. Korean does, but hangs its particles on them.
UNSPACED = (
    "\u0e00-\u0eff\u0f00-\u109f\u1100-\u11ff\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_PIECE = re.compile(rf"[{UNSPACED}]+|\d+|[^\d{UNSPACED}]+")


def with_look_alikes(folded: str) -> str:
    """A folded text with each look-alike replaced by the Latin, or common Arabic, letter it looks like."""
    return folded.translate(_LOOK_ALIKES)


def taken_apart(text: str) -> Iterator[list[str]]:
    """The words of a folded text split where digits or another kind of script begin; then the words without
    the symbols that cover a letter. Each only where that makes a difference."""
    words = tokens(text)
    pieces = [piece for word in words for piece in _PIECE.findall(word)]
    if len(pieces) > len(words):
        yield pieces
    if (uncovered := _COVERED.sub("", text)) != text:
        yield tokens(uncovered)


def guessed(text: str) -> Iterator[list[str]]:
    """The words of a folded text with look-alikes, digits and symbols read as letters.

    The digit one is read as i, then as l. A number stays a number.
    """
    letters = _SYMBOL.sub(lambda match: _SYMBOLS[match[0]], with_look_alikes(text))
    words = tokens(letters)
    for one in "il" if "1" in letters else "i":
        yield [_without_digits(word, one) for word in words]


def spelled_out(words: list[str]) -> list[str]:
    """The runs of three or more single signs among `words`, each as one word: "s t 0 p" gives "stop"."""
    signs = "".join(word if len(word) == 1 else " " for word in words)
    return [_without_digits(run, "i") for run in signs.split() if len(run) > 2]


def _without_digits(word: str, one: str) -> str:
    if not any(map(str.isalpha, word)):
        return word
    return word.translate(_DIGITS | {ord("1"): one})
