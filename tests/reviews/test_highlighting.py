"""What a message was caught for is marked where it stands, as it was written."""

import pytest

from webapp.reviews.highlighting import pieces

MARKED = [
    ("Stop. Thank you", "STOP", "Stop", "a keyword among other words"),
    ("please sTöp it", "STOP", "sTöp", "accents do not count"),
    ("unstoppable, so stop", "STOP", "stop", "a word of its own before a part of another"),
    ("s t o p now", "STOP", "s t o p", "a keyword in parts"),
    ("plz stpo this", "STOP", "stpo", "a slip of the finger"),
    ("st0p it", "STOP", "st0p", "digits for letters"),
    ("ѕtор it", "STOP", "ѕtор", "look-alikes of another script"),
    ("Please take me OFF your list", "take me off", "take me OFF", "a phrase"),
    ("真的不要再发了", "不要再发", "不要再发", "a script without spaces"),
    ("बस करो, मैसेज मत भेजो", "बस करो", "बस करो", "marks belong to their letters"),
    ("please no more", "", "", "nothing known, nothing marked"),
    ("hello", "STOP", "", "not there, nothing marked"),
]


@pytest.mark.parametrize(("text", "matched", "expected", "sentence"), MARKED, ids=[r[3] for r in MARKED])
def test_the_place(text, matched, expected, sentence):
    found = pieces(text, matched)
    assert "".join(piece.text for piece in found) == text
    assert "".join(piece.text for piece in found if piece.marked) == expected, sentence


@pytest.mark.parametrize("text", ["", "\u0301", "́stop", "🛑", "a" * 5000, "\ud800stop"])
def test_whatever_was_written_stays_whole(text):
    assert "".join(piece.text for piece in pieces(text, "STOP")) == text
