"""The invented people: believable in many scripts, with numbers that could be, and never the same twice."""

import unicodedata

import phonenumbers
import pytest

from webapp.demo import people, traits
from webapp.demo.places import PLACES

SOME = [people.person(n) for n in range(500)]


def test_the_same_number_always_gives_the_same_person():
    assert [people.person(n) for n in range(500)] == SOME


def test_no_two_people_have_the_same_phone():
    assert len({people.person(n).phone for n in range(20_000)}) == 20_000


def test_every_phone_is_a_valid_mobile_number():
    for person in SOME:
        number = phonenumbers.parse(person.phone)
        assert phonenumbers.is_valid_number(number), person
        assert phonenumbers.number_type(number) in (
            phonenumbers.PhoneNumberType.MOBILE,
            phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        )


@pytest.mark.parametrize("script", ["LATIN", "ARABIC", "DEVANAGARI", "CJK", "HANGUL", "CYRILLIC"])
def test_names_come_in_this_script(script):
    assert any(unicodedata.name(person.name[0]).startswith(script) for person in SOME if person.name)


def test_some_have_no_name_and_some_a_long_one():
    assert 5 <= sum(not person.name for person in SOME) <= 30
    assert max(len(person.name) for person in SOME) >= 30


def test_numbers_are_unique_up_to_the_most_customers():
    assert all(10**place.digits >= people.MOST and people.STRIDE % 10 in (1, 3, 7, 9) for place in PLACES)


def test_the_frequencies_of_tags_fall_off():
    counts = dict.fromkeys(traits.TAGS, 0)
    for n in range(3_000):
        for tag in traits.tags(n):
            counts[tag] += 1
    assert 0.45 < counts["newsletter"] / 3_000 < 0.55
    assert counts["newsletter"] > 1.6 * counts["pix"] > 1.6 * counts["vip"] > counts["beta"] > 0
