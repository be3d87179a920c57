"""The language of a message is guessed from its words, else from its script."""

import pytest

from webapp.consent import languages

GUESSED = [
    ("please stop all of it", "English", "words of one language"),
    ("me tira da lista por favor", "Portuguese", "words that others share count less"),
    ("bitte keine Werbung mehr", "German", "words of one language"),
    ("ne plus recevoir vos messages", "French", "words of one language"),
    ("もう送らないで", "Japanese", "kana tell Japanese"),
    ("不要再发了", "Chinese", "signs without kana"),
    ("Ω μη", "Greek", "a script of one language"),
    ("Stop", "", "a word that many languages have tells nothing"),
    ("123 🛑", "", "no letters tell nothing"),
    ("", "", "nothing tells nothing"),
]


@pytest.mark.parametrize(("text", "expected", "sentence"), GUESSED, ids=[row[0] for row in GUESSED])
def test_the_language(text, expected, sentence):
    assert languages.guess(text) == expected, sentence
