"""Reading single values out of JSON that others wrote: nothing is trusted to have its type."""

import hashlib
import json
import math
import re
from datetime import UTC, datetime
from typing import Any

# So that whatever is read fits the columns that keep it; Meta's own are far shorter.
LONGEST_ID = 200
LONGEST_FIELD = 60
LONGEST_NAME = 30

# WhatsApp opened in 2009: an earlier time is a broken one, and would lose to every other event.
_EARLIEST = int(datetime(2009, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_FIRST_MILLISECONDS = 10**11
_DIGITS = re.compile(r"[0-9]{1,20}")
_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


class Malformed(ValueError):
    """One piece of a delivery cannot be read. The message is the reason, in words for people."""


def clean(text: str) -> str:
    """`text` as both databases can store it: NUL removed, each lone surrogate replaced by U+FFFD."""
    return _LONE_SURROGATES.sub("\ufffd", text.replace("\0", ""))


def canonical(value: object) -> bytes:
    """JSON in one fixed form: sorted keys, no spaces, ASCII only (so it can be stored whatever it holds)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def digest(*parts: object) -> str:
    """SHA-256 over the canonical form of `parts`, as hexadecimal."""
    return hashlib.sha256(canonical(parts)).hexdigest()


def mapping(value: object, reason: str) -> dict[str, Any]:
    """`value` when it is an object; else raises Malformed with `reason`."""
    if not isinstance(value, dict):
        raise Malformed(reason)
    return value


def text(value: object, reason: str) -> str:
    """`value` when it is a text, also an empty one; else raises Malformed with `reason`."""
    if not isinstance(value, str):
        raise Malformed(reason)
    return value


def text_or_none(value: object) -> str | None:
    """`value` when it is a text with something in it."""
    return value if isinstance(value, str) and value else None


def identifier(value: object, longest: int = LONGEST_ID) -> str | None:
    """`value` as it came when it can be an id; a number, an empty or unstorable text counts as missing."""
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        return None
    return value if value == clean(value) else None


def name(value: object) -> str | None:
    """A word of WhatsApp's own: a type, a status, a category."""
    return identifier(value, LONGEST_NAME)


def moment(value: object, received_at: datetime) -> datetime:
    """The time that a `timestamp` names, in UTC and whole seconds; `received_at` (aware) if it is unusable.

    Meta sends seconds as text, seconds as a number (user_preferences) and milliseconds (app state). A time
    in the future counts as the time of receipt.
    """
    arrival = received_at.astimezone(UTC).replace(microsecond=0)
    seconds = _seconds(value)
    if seconds is None or not _EARLIEST <= seconds <= arrival.timestamp():
        return arrival
    return datetime.fromtimestamp(seconds, UTC)


def planned(value: object) -> datetime | None:
    """The time that a field names, also one to come; None if it is unusable."""
    seconds = _seconds(value)
    if seconds is None or not _EARLIEST <= seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _seconds(value: object) -> int | None:
    number = _whole_number(value)
    if number is None:
        return None
    return number // 1000 if number >= _FIRST_MILLISECONDS else number


def _whole_number(value: object) -> int | None:
    if isinstance(value, str):
        return int(value) if _DIGITS.fullmatch(value) else None
    if isinstance(value, float):
        return int(value) if math.isfinite(value) else None
    return value if isinstance(value, int) else None
