"""Requests that no pattern knows: what was learned holds for messages that were held out of the learning."""

from functools import cache

import pytest

from bench import train_intents
from tests.consent.corpus import configured
from tests.consent.messages import KEPT, Example, examples, fresh, unseen, validation
from webapp.consent import possible_stops
from webapp.consent.keywords import RULE_VERSION, Decision, KeywordSet, read_text
from webapp.consent.weighing.features import features
from webapp.consent.weighing.meanings import Meanings
from webapp.consent.weighing.weights import FILE, LONGEST_MESSAGE, VERDICTS, Weights, is_weighed, weights

CONFIGURED, BARE = configured(), KeywordSet((), ())
HELD = [example for example in fresh() if example.fold == 0]
UNSEEN = unseen(*KEPT)
VALIDATION = validation()
LANGUAGES = sorted({example.language for example in HELD})


@cache
def decided(text: str, words: KeywordSet) -> Decision:
    """Many tests ask about the same thousands of messages."""
    return read_text(text, words).decision


def share(messages: list[Example], words: KeywordSet, *decisions: Decision) -> float:
    return sum(decided(message.text, words) in decisions for message in messages) / len(messages)


def test_the_held_fold_is_a_fifth_and_in_every_language():
    assert 0.17 < len(HELD) / len(fresh()) < 0.23
    assert len(LANGUAGES) == 17
    texts = [example.text for example in fresh()]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("file", KEPT)
def test_nine_of_ten_requests_that_nobody_had_seen_reach_a_person(file):
    assert share([example for example in unseen(file) if example.asks], BARE, Decision.REVIEW) >= 0.9


@pytest.mark.parametrize("language", LANGUAGES)
def test_so_do_four_of_five_in_each_language(language):
    asking = [example for example in UNSEEN if example.asks and example.language == language]
    assert len(asking) >= 70
    assert share(asking, BARE, Decision.REVIEW) >= 0.8


@pytest.mark.parametrize("words", [CONFIGURED, KeywordSet(), BARE], ids=["many keywords", "STOP", "none"])
def test_ordinary_messages_that_nobody_had_seen_are_left_alone(words):
    ordinary = [example for example in UNSEEN if not example.asks]
    assert share(ordinary, words, Decision.OPT_OUT, Decision.OPT_IN) == 0
    assert share([example for example in ordinary if example.plain], words, Decision.REVIEW) <= 0.01
    assert share([example for example in ordinary if example.tempting], words, Decision.REVIEW) <= 0.1


def test_three_of_five_hard_requests_that_were_written_before_they_were_measured_reach_a_person():
    assert share([example for example in VALIDATION if example.asks], BARE, Decision.REVIEW) >= 0.6


def test_ordinary_messages_that_were_written_with_them_are_left_alone():
    ordinary = [example for example in VALIDATION if not example.asks]
    assert share(ordinary, CONFIGURED, Decision.OPT_OUT, Decision.OPT_IN) == 0
    assert share([example for example in ordinary if example.plain], CONFIGURED, Decision.REVIEW) <= 0.01
    assert share([example for example in ordinary if example.tempting], CONFIGURED, Decision.REVIEW) <= 0.1


def test_nothing_was_learned_from_them():
    known = {example.text.casefold() for example in examples()}
    assert not known & {example.text.casefold() for example in UNSEEN + VALIDATION}
    assert len(UNSEEN) > 4_500
    assert len(VALIDATION) > 1_000
    assert len({example.language for example in VALIDATION}) == 17


def test_seven_of_ten_requests_of_the_held_fold_reach_a_person():
    assert share([example for example in HELD if example.asks], BARE, Decision.REVIEW) >= 0.7


@pytest.mark.parametrize("language", LANGUAGES)
def test_so_do_six_of_ten_in_each_language(language):
    asking = [example for example in HELD if example.asks and example.language == language]
    assert share(asking, BARE, Decision.REVIEW) >= 0.6


@pytest.mark.parametrize("words", [CONFIGURED, KeywordSet(), BARE], ids=["many keywords", "STOP", "none"])
def test_ordinary_messages_of_the_held_fold_are_left_alone(words):
    ordinary = [example for example in HELD if not example.asks]
    assert share(ordinary, words, Decision.OPT_OUT, Decision.OPT_IN) == 0
    assert share([example for example in ordinary if example.plain], words, Decision.REVIEW) <= 0.02
    assert share([example for example in ordinary if example.tempting], words, Decision.REVIEW) <= 0.1


def test_no_example_of_a_request_changes_the_state():
    assert share([example for example in HELD if example.asks], BARE, Decision.OPT_OUT, Decision.OPT_IN) == 0


def test_the_shipped_weights_were_learned_from_the_corpora_as_they_are():
    learned = [example for example in examples() if example.fold in train_intents.FOLDS]
    assert weights().about["learned from"] == train_intents.digest(learned)


def test_weights_that_were_learned_anew_are_a_new_version_of_the_rules():
    """What was decided is recorded with the version, so it must tell which weights decided."""
    learned_from, threshold = weights().about["learned from"][:12], weights().about["threshold"]
    assert (RULE_VERSION, learned_from, threshold) == ("4", "20a8857d1c21", "573")


def test_the_shipped_weights_are_small_and_whole():
    source = FILE.read_text(encoding="utf-8")
    assert len(source.encode()) <= train_intents.BYTES
    lines = [line for line in source.splitlines() if not line.startswith("# ")]
    assert all(line.count("\t") == 1 and int(line.split("\t")[1]) for line in lines)
    names = [line.split("\t")[0] for line in lines]
    assert names == sorted(set(names))
    assert {name for name in names if name.startswith("!") and len(name) > 1} <= set(VERDICTS)


def test_learning_again_gives_the_same_file_and_tells_what_was_learned_apart():
    rows = [train_intents.row(example) for example in fresh()[:60] + fresh()[-60:]]
    once, again = (train_intents.written(train_intents.trained(rows), 0.0, rows) for _ in range(2))
    assert once == again
    learned = train_intents.trained(rows)
    right = [(train_intents.score(row, learned) > 0) == row.example.asks for row in rows]
    assert sum(right) / len(right) > 0.95


def test_a_word_weighs_more_than_each_of_its_parts():
    """By the square of its emphasis, where they occur in the same messages; else its parts outnumber it."""
    asks, plain = (
        Example(asks, "en", f"{word} {word}", has_stop_word=False, fresh=True)
        for asks, word in ((True, "silence"), (False, "parcel"))
    )
    learned = train_intents.trained([train_intents.row(example) for example in (asks, plain) * 2])
    emphasis = train_intents.EMPHASIS["w"] ** 2
    assert learned["wsilence"] == pytest.approx(learned["csilen"] * emphasis)
    assert emphasis > 1
    assert learned["wsilence"] > 0 > learned["wparcel"]


def test_the_threshold_is_taken_from_messages_that_are_weighed():
    short = Example(False, "en", "never", has_stop_word=False, fresh=True)
    assert not train_intents.row(short).weighed
    assert train_intents.row(short._replace(text="never again")).weighed


WEIGHED = Weights("# threshold: 1000\nwsilence\t9000\nwplease\t10\nwparcel\t-9000\n!asks\t5000\n")


@pytest.mark.parametrize(
    ("text", "verdicts", "asks", "words"),
    [
        ("i prefer silence", [], True, ["silence"]),
        ("please a bit of silence", [], True, ["please", "a", "bit", "of", "silence"]),
        ("silence around my parcel", [], False, []),
        ("nothing that is known", [], False, []),
        ("nothing that is known", ["!asks"], True, ["nothing"]),
    ],
)
def test_a_message_is_weighed_and_the_heaviest_words_are_named(text, verdicts, asks, words):
    said = text.split()
    verdict = WEIGHED.weigh(said, text, verdicts)
    assert verdict.asks is asks
    assert [said[at] for at in verdict.words] == words


@pytest.mark.parametrize(
    ("text", "weighed"),
    [
        ("", False),
        ("silence", False),
        ("silence please", True),
        ("走", False),
        ("走开", True),
        ("word " * (LONGEST_MESSAGE // 4), True),
        ("word " * (LONGEST_MESSAGE // 4 + 1), False),
    ],
)
def test_what_is_very_short_or_long_is_left_to_the_patterns(text, weighed):
    assert is_weighed(text.split()) is weighed


def test_what_the_patterns_find_in_a_very_short_message_stands_whatever_it_weighs(monkeypatch):
    monkeypatch.setattr(possible_stops, "weights", lambda: Weights("# threshold: 1000\nwme\t-9000\n"))
    assert read_text("leave me alone", BARE).decision is Decision.REVIEW
    assert read_text("leave me alone then", BARE).decision is Decision.NONE


def test_the_reason_quotes_words_of_the_message_where_no_pattern_asks():
    text = "Honestly I would prefer silence from you people, I am tired"
    why = read_text(text, BARE).why
    assert why.startswith("asks to be left alone (“")
    assert why[len("asks to be left alone (“") : -2] in text.lower().replace(",", "")


def test_meanings_are_the_same_in_every_language():
    known = Meanings('send = "send* schick* 发"\nnot = "no do_not nicht 不要"\n')
    assert known.of(["do", "not", "sending"]) == [(0, ["not"]), (2, ["send"])]
    assert known.of(["schickt", "nicht"]) == [(0, ["send"]), (1, ["not"])]
    assert known.of(["不", "要", "发"]) == [(0, ["not"]), (2, ["send"])]
    assert known.of(["do", "so"]) == []


def test_each_word_that_is_weighed_is_found_by_its_place():
    words = ["please", "no", "more", "of", "你们的广告"]
    for name, places in features(words, "").items():
        assert all(0 <= place < len(words) for place in places), name


def test_a_question_counts_once_in_any_script():
    assert "?" in features(["why"], "why??")
    assert "?" in features(["لماذا"], "لماذا؟")
    assert "?" not in features(["why"], "why")


@pytest.mark.parametrize("unit", ["no", "stop sending me this", "не пишите мне", "不要再发了", "मत भेजो"])
def test_repeating_a_message_weighs_no_more(unit):
    """Counted by the features: they depend on the different words and their neighbours alone."""
    twice, often = (features((f"{unit} " * times).split(), "") for times in (12, 240))
    assert twice.keys() == often.keys()


@pytest.mark.parametrize("text", ["", " ", "?", "\ud83d" * 9, "\0" * 9, "a" * 65_536, "не пиши " * 8_192])
def test_hostile_messages_are_read(text):
    assert read_text(text, BARE).decision in (Decision.REVIEW, Decision.NONE)
