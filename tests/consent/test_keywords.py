"""What a message means: the shared corpus, the rule step by step, and promises about any text at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consent.corpus import cases, configured, listed
from webapp.consent import words
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


@pytest.mark.parametrize(("text", "expected", "channel"), HERE, ids=lambda value: ascii(value)[:40])
def test_the_corpus(text, expected, channel):
    assert READERS[channel](text).decision == expected


def test_every_row_of_the_corpus_is_read_here_or_by_the_webhook():
    assert len(cases()) == 260
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


FOLDED = [
    ("IPTAL", OPT_OUT, "a Turkish word typed on an English keyboard"),
    ("ıptal", OPT_OUT, "with a dotless i"),
    ("i̇ptal", OPT_OUT, "with the dot as a mark of its own"),
    ("STOP'", OPT_OUT, "apostrophes go"),
    ("`stop`", OPT_OUT, "WhatsApp's mark for code"),
    ("إِيقَاف", OPT_OUT, "Arabic vowel marks go"),
    ("إيقـــاف", OPT_OUT, "tatweel only stretches the line"),
    ("ايقاف", OPT_OUT, "the hamza left out"),
    ("הָסֵר", OPT_OUT, "Hebrew points go"),
    ("сто́п", OPT_OUT, "a Cyrillic stress mark goes"),
    ("ΔΙΑΚΟΠΉ", OPT_OUT, "a Greek stress mark on a capital"),
    ("รอหยุด", REVIEW, "Thai has no spaces, so a word may stand inside"),
    ("Ｓ．ＴＯＰ", REVIEW, "full width, but a point inside"),
    ("S\ud800TOP", REVIEW, "a lone surrogate in the middle parts the word"),
    ("stop™", NONE, "a sign that folds to letters makes another word"),
]
EXACT = [
    ("opt_out", OPT_OUT, "an underscore parts words as a hyphen does"),
    ("OPT\nOUT", OPT_OUT, "so does a line end"),
    ("optout", OPT_OUT, "configured as one word too"),
    ("stop();", OPT_OUT, "punctuation is nothing"),
    ("#️⃣ STOP *️⃣", OPT_OUT, "neither are the marks that make a key of # and *"),
    ("(unstop)", OPT_IN, "contains STOP and is another keyword"),
    ("ALTA!", OPT_IN, ""),
    ("end", OPT_OUT, "an ambient word alone"),
    ("the end", NONE, "and in a sentence"),
    ("remove", OPT_OUT, ""),
    ("please remove the item", NONE, ""),
]
ACCENTED = [
    ("desabonner", OPT_OUT, "no accent at all"),
    ("désabonner", OPT_OUT, "all accents"),
    ("dèsabonner", REVIEW, "another accent"),
    ("dưng", REVIEW, "one of two accents"),
    ("dũng", REVIEW, "a Vietnamese name"),
    ("STÖP", REVIEW, "an accent on a word that has none"),
    ("́STOP", REVIEW, "an accent on nothing"),
    ("s̶t̶o̶p̶", REVIEW, "struck through with combining strokes"),
    ("bajá", REVIEW, "an ambient word with an accent of another word"),
    ("starť", REVIEW, "an opt-in word never counts with other accents"),
]
SEVERAL = [
    ("stop, stop, unsubscribe", OPT_OUT, "several opt-out words"),
    ("arret arrêt", OPT_OUT, "with and without accent"),
    ("STOP ALL STOPALL", OPT_OUT, "words of one and of two tokens"),
    ("cancel end", OPT_OUT, "ambient words are keywords here"),
    ("退订 退订", OPT_OUT, ""),
    ("退订退订", REVIEW, "one token that is no keyword"),
    ("cancel start", REVIEW, "mixed, though CANCEL alone is ambient"),
    ("start stop start stop start stop", REVIEW, "mixed at any length"),
    ("stop stop me", REVIEW, "something else in it"),
]
SLIPS = [
    ("tsop", REVIEW, "two letters swapped"),
    ("sstop", REVIEW, "a doubled letter"),
    ("ssttoopp", REVIEW, "all of them doubled"),
    ("stoooop it", REVIEW, "stretched"),
    ("stp", REVIEW, "an inner letter missing"),
    ("sto", NONE, "the last letter missing: the beginning of many words"),
    ("stopr", REVIEW, "a letter extra"),
    ("stol", REVIEW, "the key beside p"),
    ("stap", NONE, "a is nowhere near o"),
    ("szop", REVIEW, "the key beside t in Germany"),
    ("arret3", REVIEW, ""),
    ("стшп", REVIEW, "the key beside о in Russia"),
    ("unsubcsribe", REVIEW, "a long word with a swap"),
    ("unsubcribee", REVIEW, "a long word with two slips"),
    ("nsubscrib", REVIEW, "two letters of eleven missing, wherever"),
    ("unsbscrb", NONE, "three slips are too many"),
    ("abmelen", REVIEW, "eight letters allow two slips"),
    ("cancle", NONE, "an ambient word has no slips"),
    ("opt our", REVIEW, "a slip in a keyword of two words"),
    ("para", NONE, "'for' in Spanish"),
    ("stops here", REVIEW, "a word with one letter more"),
    ("stopping", NONE, "a word with four more"),
]
DISGUISED = [
    ("st0p", REVIEW, "a digit for a letter"),
    ("un$ub$cribe", REVIEW, "symbols for letters"),
    ("unsubscr!be", REVIEW, ""),
    ("st*p", REVIEW, "a letter covered up"),
    ("st@p", REVIEW, ""),
    ("please 5top", REVIEW, "in a sentence"),
    ("5 top offers", NONE, "a number is no letter"),
    ("$700", NONE, "a price is no word"),
    ("order 5700", NONE, "nor is the number of an order"),
    ("ЅТОР", REVIEW, "Cyrillic letters that look Latin"),
    ("CTOП", REVIEW, "Latin letters that look Cyrillic"),
    ("ꓢꓔꓳꓑ", REVIEW, "a script that few people know"),
    ("🅢🅣🅞🅟", REVIEW, "letters in black circles"),
    ("🇸🇹🇴🇵", REVIEW, "letters that flags are made of"),
    ("STØP", REVIEW, "a letter with a stroke"),
    ("ST⭕P", REVIEW, "a circle for a letter"),
    ("never stop!", NONE, "an exclamation mark at the end is no letter"),
    ("s t o p", REVIEW, "spaced letters"),
    ("please s.t.o.p. now", REVIEW, "dotted letters in a sentence"),
    ("5 T 0 P", REVIEW, "spaced digits"),
    ("un sub scribe me", REVIEW, "in three parts"),
    ("수 신 거 부", REVIEW, ""),
]
CONTAINED = [
    ("STOP123", REVIEW, "a digit ends the word"),
    ("STOPしてください", REVIEW, "so does a script without spaces"),
    ("我想unsubscribe", REVIEW, "on the other side too"),
    ("수신거부해주세요", REVIEW, "Korean hangs particles on its words"),
    ("وإيقاف", REVIEW, "one letter in front is a slip's distance"),
    ("doorstop", NONE, "inside a word of an alphabet it is another word"),
    ("https://shop.example/stop", NONE, "inside a link"),
    ("HTTPS://X.DE/STOP", NONE, "inside a link in capitals"),
    ("see www.stop.example", NONE, ""),
    ("bit.ly/stop", NONE, ""),
    ("write to Stop.Now@mail.example", NONE, "inside an address"),
    ("stop https://shop.example", REVIEW, "beside a link"),
    ("https://x.example/หยุดหยุด", REVIEW, "behind a link, where no space parts them"),
    ("please stop.thanks", REVIEW, "a missing space makes no link"),
    ("non-stop", NONE, "a benign phrase, however it is parted"),
    ("Où est l'arrêt de bus ?", NONE, "with the article"),
    ("bus stop, please stop", REVIEW, "the keyword outside of the phrase counts"),
    ("วันหยุด หยุดส่ง", REVIEW, "also where no space parts them"),
    ("un bus stop subscribe me", NONE, "what a phrase parted is not put together"),
    ("don't ever stop", REVIEW, "no benign phrase that we know"),
]
MEANT = [
    ("NO MÁS MENSAJES", REVIEW, "intent phrases are read without accents"),
    ("Arrêtez !", REVIEW, ""),
    ("Не пишите мне", REVIEW, ""),
    ("لا اريد رسائل", REVIEW, ""),
    ("请不要再发了", REVIEW, ""),
    ("spammer", NONE, "a longer word is another word"),
    ("remove the meat", NONE, "the phrase has to be whole"),
    ("🛑🙏", REVIEW, "symbols only, one of them a stop sign"),
    ("✋🏽", REVIEW, "in any colour of skin"),
    ("🙅‍♀️", REVIEW, "a woman's gesture"),
    ("🛑 sale", NONE, "a sign that decorates words"),
    ("👍", NONE, ""),
]
OPT_INS = [
    ("please start", REVIEW, "two words"),
    ("ok start please", REVIEW, "three words"),
    ("ok start it please", NONE, "four words"),
    ("st4rt", REVIEW, "a digit for a letter never opts in"),
    ("strat", NONE, "a slip never does"),
    ("我要订阅", REVIEW, "a short message without spaces"),
    ("请问你们的订阅价格是多少", NONE, "a long one"),
    ("s t a r t", NONE, ""),
]
STEPS = [*FOLDED, *EXACT, *ACCENTED, *SEVERAL, *SLIPS, *DISGUISED, *CONTAINED, *MEANT, *OPT_INS]


@pytest.mark.parametrize(("text", "expected", "because"), STEPS, ids=lambda value: ascii(value)[:40])
def test_the_rule_step_by_step(text, expected, because):
    assert read_text(text, WORDS).decision == expected, because


@pytest.mark.parametrize(
    ("text", "matched", "why"),
    [
        ("stop", "STOP", "is the opt-out keyword STOP"),
        ("arret", "ARRÊT", "is the opt-out keyword ARRÊT without its accents"),
        ("arrèt", "ARRÊT", "is the opt-out keyword ARRÊT with other accents"),
        ("stop unsub", "STOP", "holds opt-out keywords and nothing else"),
        ("start stop", "START", "mixes opt-out and opt-in keywords"),
        ("please stop", "STOP", "contains the opt-out keyword STOP"),
        ("dtop", "STOP", "has a word one letter away from STOP"),
        ("unsubcribbe", "UNSUBSCRIBE", "has a word two letters away from UNSUBSCRIBE"),
        ("stoop", "STOP", "has the opt-out keyword STOP with doubled or stretched letters"),
        ("s t o p", "STOP", "has the opt-out keyword STOP in parts"),
        ("this is spam", "spam", "contains the words “spam”"),
        ("⛔", "⛔", "is the stop sign ⛔"),
        ("start!", "START", "is the opt-in keyword START"),
        ("start please", "START", "has the opt-in keyword START among other words"),
        ("hello", "", ""),
    ],
)
def test_a_reading_says_what_tipped_it(text, matched, why):
    words = KeywordSet(("STOP", "UNSUB", "UNSUBSCRIBE", "ARRÊT"), ("START",))
    reading = read_text(text, words)
    assert (reading.matched, reading.why) == (matched, why)


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
    assert set(listed("benign_phrases")) <= set(words.BENIGN_PHRASES)
    assert list(words.INTENT_PHRASES) == listed("intent_phrases")
    assert set(listed("stop_signs")) == words.STOP_SIGNS
