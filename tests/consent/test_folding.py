"""How a text is folded before it is compared, and split into tokens."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.consent.folding import LONGEST_TEXT, fold, tokens, without_accents

TEXTS = st.text() | st.text(st.characters(categories=["M", "L", "Sk"]), max_size=12)


@pytest.mark.parametrize(
    ("text", "folded", "because"),
    [
        ("STOP", "stop", "case"),
        ("Don’t", "dont", "a curly apostrophe"),
        ("S'abonner", "sabonner", "a straight one"),
        ("ŉ", "n", "an apostrophe inside a compatibility form"),
        ("\ud83d!", "\ufffd!", "a lone surrogate"),
        ("a\nb\tc\u2028d", "a\nb\tc\u2028d", "controls that are white space stay"),
        ("a\x00\x07\x85b", "a\x85b", "other controls go"),
        ("s\u200bt\u200d\u2066\ufeff\u00adop", "stop", "invisible signs go"),
        ("\u3164\uffa0\u115f", "", "fillers of Hangul go, in each of their forms"),
        ("\U000e0053", "", "tag letters go"),
        ("ﬆ Ⅳ ①", "st iv 1", "compatibility forms"),
        ("Straße SCHLUẞ", "strasse schluss", "sharp s"),
        ("İIıi i̇", "iiii i", "dotted and dotless i"),
        ("ΤΈΛΟΣ τέλος ΐ", "τελοσ τελοσ ϊ", "Greek stress and final sigma; the diaeresis stays"),
        ("сто́п йё", "стоп йё", "Cyrillic stress; other letters keep their marks"),
        ("أإآٱؤئ", "ااااوي", "hamza carriers"),
        ("كِتَـاب", "كتاب", "vowel marks and tatweel"),
        ("שָׁלוֹם", "שלום", "Hebrew points"),
        ("रोकें", "रोकें", "Indic marks stay"),
        ("หยุด", "หยุด", "Thai marks stay"),
        ("ｽﾄｯﾌﾟ", "ストップ", "kana marks stay, composed"),
        ("Ầ", "ầ", "Latin accents stay in this step"),
        ("a_b", "a b", "an underscore is no letter"),
    ],
)
def test_the_fold(text, folded, because):
    assert fold(text) == folded, because


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("arrêt", "arret"),
        ("dừng đi", "dung đi"),
        ("s\u20ddt\u0336op", "stop"),
        ("йё ϊ", "йё ϊ"),
        ("プ ऩ", "プ ऩ"),
    ],
)
def test_only_latin_letters_lose_their_accents(text, bare):
    assert without_accents(unicodedata.normalize("NFC", text)) == unicodedata.normalize("NFC", bare)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("opt-out", ["opt", "out"]),
        ("«stop»!", ["stop"]),
        ("stop1 2", ["stop1", "2"]),
        ("रोकें।", ["रोकें"]),
        ("stop#\u20e3", ["stop"]),
        ("\u0301stop", ["\u0301stop"]),
        ("🛑 ...", []),
        ("𑄌𑄋𑄴", ["𑄌𑄋𑄴"]),
        ("", []),
    ],
)
def test_tokens_are_runs_of_letters_digits_and_marks(text, words):
    assert tokens(text) == words


@given(TEXTS)
def test_folding_twice_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(TEXTS)
def test_composed_and_decomposed_texts_fold_alike(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@given(TEXTS)
def test_no_folded_text_holds_a_surrogate_or_a_capital(text):
    assert fold(text).casefold() == fold(text)
    fold(text).encode("utf-8")


def test_a_text_that_grows_in_folding_is_bounded():
    assert len(fold("ﷺ" * LONGEST_TEXT)) <= LONGEST_TEXT


def test_piled_up_marks_are_cut():
    assert len(fold("a" + "\u0300\u0316" * 10_000)) < 100
