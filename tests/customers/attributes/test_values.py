from typing import Any

import pytest

from tests.rows import every
from webapp.customers.attributes.values import (
    MalformedValue,
    accept_value,
    display,
    parse_value,
    restored,
    stored,
)
from webapp.customers.models import AttributeType as T


@pytest.mark.parametrize(
    ("type", "raw", "value"),
    [
        (T.TEXT, "  São Paulo ", "São Paulo"),
        (T.TEXT, "two\nlines", "two\nlines"),
        (T.TEXT, "x" * 500, "x" * 500),
        (T.NUMBER, "42", 42),
        (T.NUMBER, "-1.5", -1.5),
        (T.NUMBER, "1e3", 1000),
        (T.NUMBER, "0.10", 0.1),
        (T.NUMBER, "5.0", 5),
        (T.BOOLEAN, "TRUE", True),
        (T.BOOLEAN, "false", False),
        (T.DATE, "2024-02-29", "2024-02-29"),
        (T.TIME, "09:30", "09:30:00"),
        (T.TIME, "09:30:15", "09:30:15"),
        (T.DATETIME, "2026-03-31T14:30+02:00", "2026-03-31T12:30:00Z"),
        (T.DATETIME, "2026-03-31 14:30:05Z", "2026-03-31T14:30:05Z"),
        (T.JSON, '{"a": [1, true, null]}', {"a": [1, True, None]}),
        (T.JSON, '"text"', "text"),
        (T.JSON, "false", False),
    ],
)
def test_what_fits_the_type_gives_its_value(type: T, raw: str, value: Any) -> None:
    parsed = parse_value(type, raw)
    assert (parsed, parsed.__class__) == (value, value.__class__)


@every(
    ("type", "raw", "sentence"),
    [
        (T.TEXT, " ", "Write a value"),
        (T.TEXT, "x" * 501, "500 characters"),
        (T.TEXT, "a\x00b", "control character"),
        (T.TEXT, "a\ud800", "control character"),
        (T.NUMBER, "1,5", "no comma"),
        (T.NUMBER, "1 500", "no spaces"),
        (T.NUMBER, "1_000", "Write a number"),
        (T.NUMBER, "nan", "Write a number"),
        (T.NUMBER, "inf", "Write a number"),
        (T.NUMBER, "٣", "Write a number"),
        (T.NUMBER, "1e999", "too large"),
        (T.NUMBER, "1234567890123456", "15 digits"),
        (T.BOOLEAN, "yes", "true or false"),
        (T.DATE, "31.03.2026", "year-month-day"),
        (T.DATE, "2023-02-29", "year-month-day"),
        (T.DATE, "20260331", "year-month-day"),
        (T.TIME, "9:30", "14:30"),
        (T.TIME, "25:00", "14:30"),
        (T.DATETIME, "2026-03-31T14:30", "time zone"),
        (T.DATETIME, "yesterday", "date, time and zone"),
        (T.DATETIME, "0001-01-01T00:00+14:00", "date, time and zone"),
        (T.JSON, "{a: 1}", "not JSON"),
        (T.JSON, "[" * 100_000, "not JSON"),
        (T.JSON, "NaN", "no NaN"),
        (T.JSON, "1e999", "no NaN"),
        (T.JSON, '"\\ud800"', "half characters"),
        (T.JSON, "null", "null is no value"),
        (T.JSON, '"' + "x" * 3999 + '"', "4,000 characters"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(type: T, raw: str, sentence: str) -> None:
    with pytest.raises(MalformedValue, match=sentence):
        parse_value(type, raw)


@pytest.mark.parametrize(
    ("type", "sent", "value"),
    [
        (T.NUMBER, 5, 5),
        (T.NUMBER, 2.5, 2.5),
        (T.NUMBER, "2.5", 2.5),
        (T.BOOLEAN, True, True),
        (T.TEXT, "Rio", "Rio"),
        (T.JSON, {"a": 1}, {"a": 1}),
        (T.JSON, "Rio", "Rio"),
    ],
)
def test_a_program_sends_values_as_json(type: T, sent: Any, value: Any) -> None:
    assert accept_value(type, sent) == value


@pytest.mark.parametrize(
    ("type", "sent"),
    [(T.NUMBER, True), (T.NUMBER, 10**400), (T.BOOLEAN, 1), (T.TEXT, 5), (T.TEXT, ["a"]), (T.TEXT, None),
     (T.JSON, None), (T.DATE, 20260331), (T.JSON, float("nan"))],
)  # fmt: skip
def test_a_value_of_another_type_is_refused(type: T, sent: Any) -> None:
    with pytest.raises(MalformedValue):
        accept_value(type, sent)


@pytest.mark.parametrize(
    ("type", "value"),
    [(T.TEXT, "true"), (T.NUMBER, 0), (T.NUMBER, 1e300), (T.NUMBER, -2.5), (T.BOOLEAN, False),
     (T.DATE, "2024-02-29"), (T.TIME, "09:30:00"), (T.DATETIME, "2026-03-31T12:30:00Z"),
     (T.JSON, [1, {"a": "b"}])],
)  # fmt: skip
def test_what_is_stored_is_restored(type: T, value: Any) -> None:
    again = restored(type, **stored(type, value))
    assert (again, again.__class__) == (value, value.__class__)


@pytest.mark.parametrize(
    ("value", "type", "shown"),
    [
        ("Rio", T.TEXT, "Rio"),
        (1500, T.NUMBER, "1500"),
        (True, T.BOOLEAN, "true"),
        ("2026-03-31T12:30:00Z", T.DATETIME, "31 Mar 2026, 12:30 UTC"),
        ("2026-03-31T12:30:05.123Z", T.DATETIME, "31 Mar 2026, 12:30:05 UTC"),
        ("2026-03-31T00:00:00Z", T.DATETIME, "31 Mar 2026, 00:00 UTC"),
        ("1991-05-04", T.DATE, "4 May 1991"),
        ({"a": "é"}, T.JSON, '{"a":"é"}'),
        ("text", T.JSON, '"text"'),
        ("Rio", None, "Rio"),
    ],
)
def test_how_people_read_a_value(value: Any, type: T | None, shown: str) -> None:
    assert display(value, type) == shown
