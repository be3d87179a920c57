"""The demo histories say what the desk itself would have made of such words, in believable shares."""

from collections import Counter
from datetime import timedelta

import pytest

from tests.factories import NOON
from webapp.consent.keywords import Decision, read_button, read_text
from webapp.consent.rules import Source, Status, Turn
from webapp.customers.attributes.values import accept_value
from webapp.customers.models import AttributeType
from webapp.demo import people, stories, traits
from webapp.demo.desk import DEFAULT_WORDS

CREATED = NOON - timedelta(days=100)


def story(n: int) -> list[stories.Step]:
    return stories.story(n, people.person(n), CREATED, NOON)


def status_after(steps: list[stories.Step]) -> str:
    said = [step.status for step in steps if step.status]
    return said[-1] if said else Status.UNKNOWN


MANY = [story(n) for n in range(3_000)]


@pytest.mark.parametrize(
    ("status", "low", "high"),
    [(Status.OPTED_IN, 0.75, 0.85), (Status.OPTED_OUT, 0.10, 0.14), (Status.UNKNOWN, 0.06, 0.10)],
    ids=["most are opted in", "about one in eight is opted out", "some have no record"],
)
def test_the_shares_of_the_states(status, low, high):
    assert low < Counter(map(status_after, MANY))[status] / len(MANY) < high


def test_opt_outs_come_by_keyword_by_button_and_by_an_agent():
    sources = Counter(step.source for steps in MANY for step in steps if step.status == Status.OPTED_OUT)
    assert set(sources) == {Source.KEYWORD, Source.BUTTON, Source.AGENT}


def test_opt_ins_come_from_forms_shops_replies_programs_and_files():
    ways = {(step.source, step.channel) for steps in MANY for step in steps if step.status == Status.OPTED_IN}
    assert ways == {
        (Source.AGENT, "web_form"), (Source.AGENT, "paper_form"), (Source.AGENT, "in_store"),
        (Source.KEYWORD, "whatsapp"), (Source.API, "web_form"), (Source.IMPORT, ""),
    }  # fmt: skip


def test_every_opt_in_has_evidence():
    assert all(step.words for steps in MANY for step in steps if step.status == Status.OPTED_IN)


def test_three_wait_for_review_and_some_stopped_in_whatsapp():
    turns = Counter(step.turn for steps in MANY for step in steps)
    assert turns[Turn.HELD] == 3
    assert 10 < turns[Turn.STOPPED] < 60


def test_steps_are_told_in_order_and_none_lies_in_the_future():
    for n, steps in enumerate(MANY):
        moments = [step.at for step in steps]
        assert moments == sorted(moments), n
        assert all(CREATED <= moment <= NOON for moment in moments), n


def test_the_opt_outs_of_today_come_after_the_opt_in_of_a_customer_added_today():
    for n in stories.AN_OPT_OUT_OF_TODAY:
        first, second = stories.story(n, people.person(n), NOON - timedelta(hours=6), NOON)
        assert first.at < second.at


@pytest.mark.parametrize("words", stories.SPELLINGS)
def test_the_desk_reads_what_they_wrote_as_stop(words):
    reading = read_text(words, DEFAULT_WORDS)
    assert (reading.decision, reading.matched) == (Decision.OPT_OUT, "STOP")


@pytest.mark.parametrize("words", stories.HELD.values())
def test_the_desk_holds_these_for_review(words):
    assert read_text(words, DEFAULT_WORDS).decision == Decision.REVIEW


def test_the_desk_reads_the_tap_as_an_opt_out():
    assert read_button("Stop promotions", "Stop promotions").decision == Decision.OPT_OUT


def test_attributes_are_of_all_seven_types_and_fit_them():
    used = set()
    for n in range(300):
        for key, value in traits.attributes(n, people.person(n), CREATED, NOON).items():
            type = traits.ATTRIBUTES[key]
            assert accept_value(type, value) == value
            used.add(type)
    assert used == set(AttributeType)
