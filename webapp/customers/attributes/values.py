"""The seven types of attributes: what may be written for each, how it is kept and how it is shown.

A value is kept as JSON can hold it: text, number and boolean as themselves, dates and times as ISO 8601 text.
"""

import json
import math
import re
from datetime import UTC, date, datetime, time
from typing import Any

from webapp.customers.models import AttributeType
from webapp.customers.text import has_controls
from webapp.database import compact_json
from webapp.formatting import calendar_day, minute

LONGEST_TEXT = 500
LONGEST_JSON = 4000
EXACT_WHOLE = 2**53
"""Whole numbers up to here are exact as floating point, the form in which both databases keep them."""
MOST_DIGITS = 15

COLUMNS = ("val_text", "val_num", "val_json")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?", re.ASCII)


class MalformedValue(ValueError):
    """The value does not fit the attribute's type; the message is a sentence that says what would."""


def parse_value(type: AttributeType | str, raw: str) -> Any:
    """The value that `raw`, typed by a person or read from a file, means. Raises MalformedValue."""
    if not raw.strip():
        raise MalformedValue("Write a value, or remove the attribute.")
    return _PARSERS[AttributeType(type)](raw.strip())


def accept_value(type: AttributeType | str, value: Any) -> Any:
    """The value that a program sent as JSON, checked against the type. Raises MalformedValue."""
    if type == AttributeType.JSON:
        return _checked_json(value)
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, (int, float)) and type == AttributeType.NUMBER:
        value = repr(value)
    if not isinstance(value, str):
        raise MalformedValue(f"Send a value of type {AttributeType(type).value}.")
    return parse_value(type, value)


def display(value: Any, type: AttributeType | str | None = None) -> str:
    """How people read a value; without its type, as forms and filters write it."""
    if type == AttributeType.DATETIME:
        return f"{minute(datetime.fromisoformat(value))} UTC"
    if type == AttributeType.DATE:
        return calendar_day(date.fromisoformat(value))
    return value if isinstance(value, str) and type != AttributeType.JSON else compact_json(value)


def stored(type: AttributeType | str, value: Any) -> dict[str, Any]:
    """The columns of `CustomerAttribute` that keep this value."""
    column = column_of(type)
    return dict.fromkeys(COLUMNS) | {column: in_column(column, value)}


def column_of(type: AttributeType | str) -> str:
    """Which column of `CustomerAttribute` keeps the values of this type."""
    return {AttributeType.NUMBER: "val_num", AttributeType.JSON: "val_json"}.get(type, "val_text")


def in_column(column: str, value: Any) -> Any:
    """The value as this column keeps it."""
    if column == "val_num":
        return float(value)
    return compact_json(value) if column == "val_text" and isinstance(value, bool) else value


def restored(type: AttributeType | str, val_text: str | None, val_num: float | None, val_json: Any) -> Any:
    """The value that `stored` put into these columns."""
    if val_num is not None:
        return _shortest(val_num)
    if type == AttributeType.JSON:
        return val_json
    return val_text == "true" if type == AttributeType.BOOLEAN else val_text


def _text(raw: str) -> str:
    if len(raw) > LONGEST_TEXT:
        raise MalformedValue(f"Text may have {LONGEST_TEXT} characters at most.")
    if has_controls(raw, allowed="\n\t"):
        raise MalformedValue("The text holds a control character that cannot be shown; retype it.")
    return raw


def _number(raw: str) -> float | int:
    if not _NUMBER.fullmatch(raw):
        raise MalformedValue("Write a number like 1500 or 1.5: a point, no comma, no spaces, no unit.")
    number = float(raw)
    if not math.isfinite(number):
        raise MalformedValue("The number is too large.")
    if len(re.sub(r"\D", "", raw.lower().partition("e")[0]).strip("0")) > MOST_DIGITS:
        raise MalformedValue(f"A number keeps {MOST_DIGITS} digits; use type text for longer codes.")
    return _shortest(number)


def _shortest(number: float) -> float | int:
    return int(number) if number.is_integer() and abs(number) < EXACT_WHOLE else number


def _boolean(raw: str) -> bool:
    if raw.lower() not in ("true", "false"):
        raise MalformedValue("Write true or false.")
    return raw.lower() == "true"


def _date(raw: str) -> str:
    try:
        return _matching(_DATE, raw) and date.fromisoformat(raw).isoformat()
    except ValueError:
        raise MalformedValue("Write a date like 2026-03-31 (year-month-day).") from None


def _time(raw: str) -> str:
    try:
        return _matching(_TIME, raw) and time.fromisoformat(raw).isoformat()
    except ValueError:
        raise MalformedValue("Write a time like 14:30 or 14:30:05.") from None


def _datetime(raw: str) -> str:
    try:
        instant = datetime.fromisoformat(raw)
        if instant.tzinfo is None:
            raise MalformedValue("Add the time zone, as in 2026-03-31T14:30Z or 2026-03-31T14:30+02:00.")
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except MalformedValue:
        raise
    except (ValueError, OverflowError):
        raise MalformedValue("Write date, time and zone like 2026-03-31T14:30Z.") from None


def _json(raw: str) -> Any:
    try:
        return _checked_json(json.loads(raw))
    except (json.JSONDecodeError, RecursionError):
        raise MalformedValue('This is not JSON; text goes in "double quotes".') from None


def _checked_json(value: Any) -> Any:
    if value is None:
        raise MalformedValue("null is no value; remove the attribute instead.")
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        text.encode()
    except (ValueError, RecursionError):
        raise MalformedValue("JSON knows no NaN, no infinity and no half characters.") from None
    if len(text) > LONGEST_JSON:
        raise MalformedValue(f"JSON may have {LONGEST_JSON:,} characters at most.")
    return value


def _matching(pattern: re.Pattern[str], raw: str) -> bool:
    if not pattern.fullmatch(raw):
        raise ValueError(raw)
    return True


_PARSERS = {
    AttributeType.TEXT: _text,
    AttributeType.NUMBER: _number,
    AttributeType.BOOLEAN: _boolean,
    AttributeType.DATE: _date,
    AttributeType.TIME: _time,
    AttributeType.DATETIME: _datetime,
    AttributeType.JSON: _json,
}


def same(one: Any, other: Any) -> bool:
    """Whether two values are one, compared as JSON, because in Python true equals 1."""
    both_text = type(one) is type(other) is str
    return one == other if both_text else compact_json(one) == compact_json(other)
