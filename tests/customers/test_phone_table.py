"""The fast reading of numbers says what the library says, or nothing."""

import random

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from webapp.customers import phone_table
from webapp.customers.phones import MalformedPhone, Phone, parse_phone

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def examples() -> list[str]:
    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in PhoneNumberType.values():
            if number := phonenumbers.example_number_for_type(region, kind):
                found.append(phonenumbers.format_number(number, PhoneNumberFormat.E164)[1:])
    return found


def neighbours() -> list[str]:
    """Numbers of the same countries with other last digits, one digit more or less, and any at all."""
    chance = random.Random(6)
    found = []
    for number in examples():
        for _ in range(4):
            changed = number[:-5] + "".join(chance.choices("0123456789", k=5))
            found.append(chance.choice((changed, changed[:-1], changed + "7")))
    for code in CODES:
        found += [f"{code}{chance.randrange(10**length)}" for length in (6, 7, 8, 9, 10, 11)]
    return found


def test_most_numbers_in_use_are_read_without_the_library() -> None:
    known = [number for number in examples() if phone_table.display(number)]
    assert len(known) > len(examples()) * 0.6


@pytest.mark.parametrize("numbers", [examples, neighbours])
def test_what_is_read_fast_is_what_the_library_reads(numbers) -> None:
    for number in numbers():
        if shown := phone_table.display(number):
            read = phonenumbers.parse(f"+{number}")
            assert phonenumbers.is_valid_number(read), number
            assert phonenumbers.is_possible_number(read), number
            assert phonenumbers.format_number(read, PhoneNumberFormat.E164) == f"+{number}"
            assert phonenumbers.format_number(read, PhoneNumberFormat.INTERNATIONAL) == shown


def test_a_number_is_the_same_phone_with_and_without_the_fast_reading(monkeypatch) -> None:
    fast = list(map(outcome, examples()))
    monkeypatch.setattr(phone_table, "display", lambda digits: "")
    assert list(map(outcome, examples())) == fast


def outcome(number: str) -> Phone | str:
    try:
        return parse_phone(f"+{number}")
    except MalformedPhone as fault:
        return str(fault)
