"""What a message means: the corpus, the carriers of words, and promises about any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consent.corpus import cases, configured, listed
from tests.rows import every
from webapp.consent import words
from webapp.consent.folding import LONGEST_TEXT
from webapp.consent.keywords import (
    Decision,
    KeywordSet,
    Reading,
    read_button,
    read_history,
    read_reaction,
    read_text,
)

WORDS = configured()
OPT_OUT, OPT_IN, REVIEW, NONE = Decision.OPT_OUT, Decision.OPT_IN, Decision.REVIEW, Decision.NONE
READERS = {
    "text": lambda text: read_text(text, WORDS),
    "caption": lambda text: read_text(text, WORDS),
    "edit": lambda text: read_text(text, WORDS),
    "standby": lambda text: read_text(text, WORDS),
    "group": lambda text: read_history(text, WORDS),
    "reaction": read_reaction,
    "button_payload": lambda text: read_button(text, ""),
    "list_id": lambda text: read_button(text, ""),
    "button_text": lambda text: read_button(text, text),
}
HERE = [case for case in cases() if case.channel in READERS]


@every(("text", "expected", "channel"), HERE, ids=lambda value: ascii(value)[:40])
def test_the_corpus(text, expected, channel):
    assert READERS[channel](text).decision == expected


def test_every_row_of_the_corpus_is_read_here_or_by_the_webhook():
    assert len(cases()) == 265
    assert {case.channel for case in cases()} - READERS.keys() == {
        "audio",
        "filename",
        "location",
        "pref_webhook",
        "profile_name",
        "quoted",
        "referral",
        "revoke",
        "status_error",
        "sticker",
        "system",
    }


@pytest.mark.parametrize(
    ("text", "matched", "why"),
    [
        ("stop", "STOP", "is the opt-out keyword STOP"),
        ("arret", "ARRÊT", "is the opt-out keyword ARRÊT without its accents"),
        ("arrèt", "ARRÊT", "is the opt-out keyword ARRÊT with other accents"),
        ("stop unsub", "STOP", "holds opt-out keywords and nothing else"),
        ("start stop", "START", "mixes opt-out and opt-in keywords"),
        ("start arrêt", "START", "mixes opt-out and opt-in keywords"),
        ("arret start", "ARRÊT", "mixes opt-out and opt-in keywords"),
        ("please stop", "STOP", "contains the opt-out keyword STOP"),
        ("dtop", "STOP", "has a word one letter away from STOP"),
        ("unsubcribbe", "UNSUBSCRIBE", "has a word two letters away from UNSUBSCRIBE"),
        ("stoop", "STOP", "has the opt-out keyword STOP with doubled or stretched letters"),
        ("s t o p", "STOP", "has the opt-out keyword STOP in parts"),
        ("a b m e l d e n", "ABMELDEN", "has the opt-out keyword ABMELDEN in parts"),
        ("this is spam", "spam", "asks to be left alone (“spam”)"),
        (
            "silence from you please",
            "silence from you please",
            "asks to be left alone (“silence from you please”)",
        ),
        ("⛔", "⛔", "is the stop sign ⛔"),
        ("start!", "START", "is the opt-in keyword START"),
        ("start please", "START", "has the opt-in keyword START among other words"),
        ("hello", "", ""),
    ],
)
def test_a_reading_says_what_tipped_it(text, matched, why):
    words = KeywordSet(("STOP", "UNSUB", "UNSUBSCRIBE", "ARRÊT", "ABMELDEN"), ("START",))
    reading = read_text(text, words)
    assert (reading.matched, reading.why) == (matched, why)


@pytest.mark.parametrize("text", ["👍", "?", "…", "", "oo"])
def test_a_keyword_of_signs_alone_is_no_keyword_not_even_by_the_letters_they_look_like(text):
    assert read_text(text, KeywordSet(("!!", "STOP"), ("??", "⭕⭕"))).decision == NONE


FILLER = "the parcel came today " * 250
"""Longer than what is taken apart as a whole."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"st0p {FILLER}", REVIEW),
        (f"{FILLER} st0p", REVIEW),
        (f"{FILLER} st0p {FILLER}", NONE),
        (f"{FILLER} s t o p", REVIEW),
        (f"leave me alone {FILLER}", REVIEW),
        (f"{FILLER} leave me alone", REVIEW),
        (f"{FILLER} leave me!alone", REVIEW),
        (f"{FILLER} leave me alone {FILLER}", NONE),
        (FILLER, NONE),
    ],
)
def test_disguised_keywords_and_requests_are_looked_for_at_both_ends_of_a_long_message(text, expected):
    assert read_text(text, WORDS).decision == expected


@pytest.mark.parametrize(
    ("length", "before", "expected", "because"),
    [
        (4096, 2046, REVIEW, "as long as the longest that is looked at as a whole"),
        (4097, 2046, NONE, "one sign more"),
        (8000, 2042, REVIEW, "the last words of the first half"),
        (8000, 2045, NONE, "behind it"),
        (8000, 5952, NONE, "of the last half the first four words may be parts of a phrase"),
        (8000, 5963, REVIEW, "what follows them may not"),
    ],
)
def test_the_ends_are_as_long_as_half_of_what_whatsapp_allows_for_a_text(length, before, expected, because):
    text = f"{'aa ' * before}"[:before] + " st0p " + "aa " * length
    assert read_text(text[:length], WORDS).decision is expected, because


def test_a_phrase_that_was_cut_in_two_asks_for_nothing():
    kept_half = ("stop texting me " + "aa " * 700)[:2048]
    assert read_text(kept_half, KeywordSet((), ())).decision is REVIEW
    assert read_text("aa " * 1500 + "dont " + kept_half, KeywordSet((), ())).decision is NONE


@pytest.mark.parametrize(
    ("machine_id", "label", "expected", "because"),
    [
        ("OPT_OUT", "", OPT_OUT, ""),
        ("OPT_OUT:cmp_7", "", OPT_OUT, "what follows the first colon is the campaign's"),
        ("OPT_IN:a:b", "", OPT_IN, ""),
        ("opt_out", "", NONE, "machine ids differ by case"),
        ("OPT_OUT_LATER", "", NONE, ""),
        (" OPT_OUT", "", NONE, "a machine id is compared as it is"),
        ("OPT_IN", "STOP", OPT_IN, "the machine id comes first"),
        ("cmp_7", "stop  promotions!", OPT_OUT, "then the label, folded"),
        ("cmp_7", "Resume promotions", OPT_IN, ""),
        ("cmp_7", "Cancel", NONE, "an appointment's button is no keyword"),
        ("cmp_7", "please stop", NONE, ""),
        ("", "", NONE, ""),
        ("\ud83d", "\ud83d", NONE, "a lone surrogate"),
    ],
)
def test_buttons(machine_id, label, expected, because):
    assert read_button(machine_id, label).decision == expected, because


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", REVIEW),
        ("please stop", REVIEW),
        ("START STOP", REVIEW),
        ("START", NONE),
        ("start please", NONE),
        ("UNSTOP", NONE),
        ("hello", NONE),
    ],
)
def test_history_and_groups_change_no_state_but_a_stop_is_looked_at(text, expected):
    assert read_history(text, WORDS).decision == expected


@pytest.mark.parametrize(("emoji", "expected"), [("🛑", REVIEW), ("🖐🏿", REVIEW), ("👎", NONE), ("", NONE)])
def test_reactions_change_no_state_but_a_stop_sign_is_looked_at(emoji, expected):
    assert read_reaction(emoji).decision == expected


def test_a_desk_without_keywords_still_sees_requests():
    nothing = KeywordSet((), ())
    assert read_text("STOP", nothing) == Reading(NONE)
    assert read_text("leave me alone", nothing).decision is REVIEW


@pytest.mark.parametrize(
    "unit", ["stop", "STOP ", "a ", "a.", "a@", "start stop ", "🛑", "\u0300\u0316", "ﷺ", "退订", "\0"]
)
def test_a_text_of_any_length_is_read(unit):
    assert read_text(unit * (65_536 // len(unit)), WORDS).decision in Decision


def test_a_keyword_deep_in_a_long_message_is_found():
    assert read_text("word " * 6_000 + "stop" + " word" * 6_000, WORDS).decision is REVIEW


def test_a_text_too_long_to_be_read_whole_changes_no_state():
    assert read_text("STOP" + " " * 70_000, WORDS).decision is REVIEW
    assert read_text("START" + " " * 70_000, WORDS).decision is REVIEW
    assert read_text("hello" + " " * 70_000, WORDS).decision is NONE


def test_the_longest_text_that_is_read_whole_decides():
    assert read_text("STOP" + " " * (LONGEST_TEXT - 4), WORDS).decision is OPT_OUT
    assert read_text("STOP" + " " * (LONGEST_TEXT - 3), WORDS).decision is REVIEW


@pytest.mark.parametrize(
    ("before", "expected"),
    [(LONGEST_TEXT // 2 - 5, REVIEW), (40_000, NONE), (80_000 - LONGEST_TEXT // 2, REVIEW)],
)
def test_of_a_longer_one_the_first_and_the_last_half_of_that_are_read(before, expected):
    text = "." * before + " stop" + "." * (80_000 - before - 5)
    assert read_text(text, WORDS).decision is expected


def test_the_sign_that_says_stop_is_named():
    assert read_text("👎🛑", WORDS).matched == "🛑"


SIGNS = (
    st.text()
    | st.text(alphabet="stopSTOParunb 015$.ůừ\u0301订退หยุด🛑\u200b\ud83d")
    | st.text(st.characters())
)


@given(SIGNS)
def test_any_text_is_read(text):
    for reading in (
        read_text(text, WORDS),
        read_history(text, WORDS),
        read_reaction(text),
        read_button(text, text),
    ):
        assert (reading.decision is NONE) == (not reading.why)


@given(SIGNS)
def test_only_a_whole_message_opts_in(text):
    if read_text(text, WORDS).decision is OPT_IN:
        assert read_text(text, KeywordSet(WORDS.opt_out, ())).decision is not OPT_OUT
        assert any(read_text(text, KeywordSet((), (word,))).decision is OPT_IN for word in WORDS.opt_in)


@given(SIGNS, st.sampled_from(["please {} now", "{} x", "x {}"]))
def test_words_around_a_keyword_leave_the_decision_to_a_person(text, sentence):
    if read_text(text, WORDS).decision is OPT_IN:
        assert read_text(sentence.format(text), WORDS).decision is not OPT_IN


@given(
    st.sampled_from(WORDS.opt_out),
    st.sampled_from(["{}", " {}!", "«{}»", "*{}*", "\u200b{}\u2069", "{} 🙏🏽"]),
)
def test_every_opt_out_keyword_counts_in_any_dress(word, dress):
    assert read_text(dress.format(word), WORDS).decision is OPT_OUT
    assert read_text(dress.format(word.lower()), WORDS).decision is OPT_OUT
    assert read_text(f"{word} {word}", WORDS).decision is OPT_OUT


def test_the_built_in_lists_are_those_of_the_corpus():
    assert list(words.OPT_OUT_PAYLOADS) == listed("opt_out_payloads")
    assert list(words.OPT_IN_PAYLOADS) == listed("opt_in_payloads")
    assert list(words.OPT_OUT_LABELS) == listed("opt_out_labels")
    assert list(words.OPT_IN_LABELS) == listed("opt_in_labels")
    assert list(words.EXACT_ONLY) == listed("opt_out_keywords_exact_only")
    assert set(listed("stop_signs")) == words.STOP_SIGNS
