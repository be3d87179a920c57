"""Requests to be left alone, in whatever words: how many are seen, how many ordinary messages are spared."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.consent.corpus import configured, listed
from tests.consent.messages import Message, kept, ordinary, requests, tuned
from tests.rows import every
from webapp.consent.intents.grammar import grammar
from webapp.consent.intents.patterns import parse, parse_class
from webapp.consent.intents.positions import Positions, places
from webapp.consent.intents.vocabulary import Vocabulary
from webapp.consent.intents.wording import SIGNS_READ
from webapp.consent.keywords import Decision, KeywordSet, read_text

CONFIGURED, BARE = configured(), KeywordSet((), ())
LANGUAGES = sorted({message.language for message in requests()})


def share(messages: list[Message], words: KeywordSet, *decisions: Decision) -> float:
    """The share of messages that are read as one of the decisions."""
    return sum(read_text(message.text, words).decision in decisions for message in messages) / len(messages)


def test_the_corpora_are_large_and_varied():
    assert len(requests()) >= 600
    assert len(ordinary()) >= 1500
    assert sum(message.has_stop_word for message in ordinary()) >= 300
    assert len(LANGUAGES) >= 16
    for corpus in (requests(), ordinary()):
        texts = Counter((message.language, message.text) for message in corpus)
        assert max(texts.values()) == 1
        assert 0.4 < len(kept(corpus)) / len(corpus) < 0.6


@pytest.mark.parametrize("words", [CONFIGURED, BARE], ids=["keywords", "no keywords"])
def test_nine_of_ten_requests_of_the_kept_half_reach_a_person(words):
    assert share(kept(requests()), words, Decision.REVIEW, Decision.OPT_OUT) >= 0.9


@pytest.mark.parametrize("language", LANGUAGES)
def test_so_do_eight_of_ten_in_each_language(language):
    messages = [message for message in kept(requests()) if message.language == language]
    assert share(messages, BARE, Decision.REVIEW) >= 0.8


def test_a_request_in_a_persons_own_words_never_changes_the_state():
    assert share(requests(), BARE, Decision.OPT_OUT, Decision.OPT_IN) == 0


@pytest.mark.parametrize("words", [CONFIGURED, KeywordSet()], ids=["many keywords", "STOP and START"])
def test_ordinary_messages_of_the_kept_half_are_left_alone(words):
    plain = [message for message in kept(ordinary()) if not message.has_stop_word]
    tempting = [message for message in kept(ordinary()) if message.has_stop_word]
    assert share([*plain, *tempting], words, Decision.OPT_OUT, Decision.OPT_IN) == 0
    assert share(plain, words, Decision.REVIEW) <= 0.01
    assert share(tempting, words, Decision.REVIEW) <= 0.1


def test_what_was_tuned_stays_reached():
    wrong = defaultdict(list)
    for expected, language, text in tuned():
        if read_text(text, CONFIGURED).decision != expected:
            wrong[expected].append((language, text))
    assert len(wrong["review"]) <= 12, wrong["review"]
    assert len(wrong["none"]) <= 12, wrong["none"]


@every("phrase", listed("intent_phrases"))
def test_the_phrases_of_the_keyword_corpus_are_requests(phrase):
    assert read_text(phrase, BARE).decision is Decision.REVIEW


@pytest.mark.parametrize("phrase", listed("benign_phrases"))
def test_its_benign_phrases_are_none(phrase):
    assert read_text(phrase, CONFIGURED).decision is Decision.NONE


@pytest.mark.parametrize(
    ("text", "said", "because"),
    [
        ("Please TAKE me off the list!", "take me off the list", "the words that tipped it, folded"),
        ("отпишите меня", "отпишите", ""),
        ("plsss leave me alonee", "leave me alonee", "typed with a slip"),
        ("请不要再给我发消息", "不要再给我发消息", "signs of one word stay together"),
        ("who gave u my number", "who gave u my number", "chat spelling"),
    ],
)
def test_the_reason_quotes_the_words_that_tipped_it(text, said, because):
    reading = read_text(text, BARE)
    assert said in reading.why, because
    assert reading.why.startswith("asks to be left alone (“")


@pytest.mark.parametrize(
    ("text", "expected", "because"),
    [
        ("remove me from your list", Decision.REVIEW, ""),
        ("remove me from the waiting list, 6 is fine", Decision.NONE, "an innocent reading takes more words"),
        ("stop the payment please", Decision.NONE, "also those of a keyword"),
        ("stop the payment and stop messaging me", Decision.REVIEW, "but no others"),
        ("please do not call, text me", Decision.NONE, ""),
        ("please do not call or text me", Decision.REVIEW, ""),
        ("no me llega el mensaje", Decision.NONE, "Spanish for a message that does not arrive"),
        ("no me mandes mensajes", Decision.REVIEW, ""),
        ("bas do chahiye", Decision.NONE, "Hindi: only two"),
        ("bas karo", Decision.REVIEW, "Hindi: enough of it"),
        ("no more onions", Decision.NONE, ""),
        ("no more ads", Decision.REVIEW, ""),
    ],
)
def test_an_innocent_reading_outweighs_a_shorter_request(text, expected, because):
    assert read_text(text, CONFIGURED).decision is expected, because


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("no more", "please no more", [1, 2]),
        ("no more", "no one more", []),
        ("no .. more", "no a b c more", [0, 4]),
        ("no .. more", "no a b c d more", []),
        ("no ... more", "no a b c d e f more", [0, 7]),
        ("do_not|never call", "do not call", [0, 1, 2]),
        ("do_not|never call", "never call", [0, 1]),
        ("send*", "resend sends", [1]),
        ("STOP it", "end it", [0, 1]),
        ("no no", "no a no no", [2, 3]),
        ("不要 .. 发", "不要再发", [0, 1, 3]),
    ],
)
def test_the_language_of_patterns(pattern, text, found):
    parsed = parse(pattern, {"STOP": parse_class("stop end")})
    named = [word for step in parsed for words in step.atom for word in words]
    signs = [sign for word in text.split() for sign in (word if "不" in word else [word])]
    positions = Positions(signs, Vocabulary(named).kinds(signs))
    assert places(positions.first(parsed)) == found
    assert places(positions.all(parsed)) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("go away", True),
        ("go away now", False),
        ("then go away", False),
    ],
)
def test_a_pattern_may_be_bound_to_the_ends_of_a_message(text, expected):
    signs = ["<", *text.split(), ">"]
    pattern = parse("< go away >", {})
    kinds = Vocabulary(["<", "go", "away", ">"]).kinds(signs)
    assert bool(Positions(signs, kinds).first(pattern)) is expected


@pytest.mark.parametrize(("text", "expected"), [("no x y z pls", True), ("no", True), ("no x", False)])
def test_the_end_may_stand_for_the_last_word_but_only_at_once(text, expected):
    signs = ["<", *text.split(), ">"]
    pattern = parse("no .. pls|>", {})
    kinds = Vocabulary(["no", "pls", ">"]).kinds(signs)
    assert bool(Positions(signs, kinds).first(pattern)) is expected


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("message", {"message"}),
        ("messagee", {"message"}),
        ("mesage", {"message"}),
        ("messgae", {"message"}),
        ("messige", {"message"}),
        ("messaaaage", {"message"}),
        ("massages", set()),
        ("nessage", set()),
        ("unsubscribing", {"unsubscrib*"}),
        ("tex", set()),
    ],
)
def test_words_are_known_by_their_stem_and_with_one_slip(word, named):
    vocabulary = Vocabulary(["message", "text", "unsubscrib*"])
    assert vocabulary.kinds([word]).get(word, frozenset()) == named


def test_every_pattern_says_something_and_none_is_written_twice():
    compiled = grammar(str)
    assert sum(1 for _ in compiled.asks.words()) > 1000
    for patterns in (compiled.asks, compiled.innocent):
        assert all(words for words in patterns.words())


@pytest.mark.parametrize("unit", ["no", "stop sending", "не надо", "मत भेजो", "mesaj atma", "send me no text"])
def test_repeating_a_message_tries_no_more_patterns(unit):
    """Counted by what is known of it: which patterns are tried depends on the different words alone, and each
    is tried once on the whole message, so the work is linear."""
    known = grammar(str).vocabulary
    once, often = (Positions(words, known.kinds(words)) for words in (unit.split(), unit.split() * 500))
    assert once.kinds == often.kinds
    assert grammar(str).asks.candidates(once) == grammar(str).asks.candidates(often)


def test_a_request_at_either_end_of_a_very_long_message_is_found():
    filler = "order " * SIGNS_READ
    assert read_text(f"leave me alone {filler}", BARE).decision is Decision.REVIEW
    assert read_text(f"{filler} leave me alone", BARE).decision is Decision.REVIEW


WORDS = st.lists(st.sampled_from(sorted(set(grammar(str).asks.words()))), max_size=30).map(" ".join)


@given(WORDS | st.text())
def test_any_row_of_words_is_read(text):
    reading = read_text(text, BARE)
    assert reading.decision in (Decision.REVIEW, Decision.NONE)
    assert bool(reading.why) == (reading.decision is Decision.REVIEW)


@given(WORDS)
def test_the_same_words_always_give_the_same_reading(text):
    assert read_text(text, BARE) == read_text(text, BARE)
