"""Jinja filters: instants, numbers and names as people read them. The present is an argument."""

import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zlib import crc32

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HUES = 12
"""How many `.hue-N` classes chip.css has; none is near the green and the orange of consent."""


def ago(instant: datetime, now: datetime) -> str:
    """`just now`, `2 min ago`, `1 h ago`, and from a day on the date. A time ahead of `now` is `just now`."""
    age = now - instant
    if age < MINUTE:
        return "just now"
    if age < HOUR:
        return f"{age // MINUTE} min ago"
    if age < DAY:
        return f"{age // HOUR} h ago"
    return day(instant, now)


def day(instant: datetime, now: datetime) -> str:
    """`14 Nov`, or `14 Nov 2024` when that is another year than now's; in UTC."""
    instant, now = instant.astimezone(UTC), now.astimezone(UTC)
    year = "" if instant.year == now.year else f" {instant.year}"
    return f"{instant.day} {MONTHS[instant.month - 1]}{year}"


def calendar_day(day: date) -> str:
    """`4 May 1991`: a day that is the same everywhere."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


# strftime's month names follow the locale of the machine.
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def instant(moment: datetime) -> str:
    """The exact time: `22 Nov 2026, 09:12:04 UTC`."""
    return f"{stamp(moment)} UTC"


def stamp(moment: datetime) -> str:
    """The exact time in UTC without naming it, for columns whose head does: `22 Nov 2026, 09:12:04`."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M:%S}"


def minute(moment: datetime) -> str:
    """A time that somebody set, in UTC: `22 Nov 2026, 09:12`; with seconds only where there are some."""
    return stamp(moment).removesuffix(":00")


def iso(moment: datetime) -> str:
    """For `datetime=` of <time>: `2026-11-22T09:12:04Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def grouped(number: int) -> str:
    """`1,234`."""
    return f"{number:,}"


def file_size(size: int) -> str:
    """`3 kB`, `1.4 MB`, `5 MB`, of so many bytes."""
    return f"{round(size / 1024**2, 1):g} MB" if size >= 1024**2 else f"{max(round(size / 1024), 1)} kB"


def initials(name: str) -> str:
    """First signs of the first and the last word: `João Gonçalves` → `JG`; `?` when there is none."""
    words = [word for word in (_letters(part) for part in name.replace("@", " ").split()) if word]
    chosen = words[:1] + words[1:][-1:]
    return "".join(word[0] for word in chosen).upper() or "?"


def _letters(word: str) -> str:
    return "".join(sign for sign in word if unicodedata.category(sign)[0] in "LN")


def tag_hue(name: str) -> str:
    """The class that colours a tag's chip, the same on every page: `hue-7`."""
    return f"hue-{crc32(name.casefold().encode()) % HUES}"


FILTERS: dict[str, Callable[..., Any]] = {
    "ago": ago,
    "day": day,
    "instant": instant,
    "stamp": stamp,
    "iso": iso,
    "grouped": grouped,
    "file_size": file_size,
    "initials": initials,
    "tag_hue": tag_hue,
}
