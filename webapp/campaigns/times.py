"""Times in the workspace's zone: as people choose them, and as they read them. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.formatting import MONTHS


class NoSuchTime(ValueError):
    """The time cannot be meant; the text is a sentence that says why."""


def chosen(text: str, zone: str) -> datetime:
    """The instant of a local time such as `2026-11-27T09:00`. Raises NoSuchTime.

    Of an hour that comes twice when clocks go back, the first one is meant.
    """
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NoSuchTime("Choose a day and a time.") from None
    there = local.replace(tzinfo=ZoneInfo(zone))
    try:
        instant = there.astimezone(UTC)
    except OverflowError:  # the first or the last day that there is
        raise NoSuchTime("Choose a day and a time.") from None
    if instant.astimezone(there.tzinfo).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchTime("Clocks jump over this time on that day; choose another one.")
    return instant


def local_input(instant: datetime, zone: str) -> str:
    """For a field of type datetime-local: `2026-11-27T09:00`."""
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def local(instant: datetime, zone: str) -> str:
    """`27 Nov 2026, 09:00`, in the zone."""
    there = instant.astimezone(ZoneInfo(zone))
    return f"{there.day} {MONTHS[there.month - 1]} {there.year}, {there:%H:%M}"


def zone_words(zone: str, now: datetime) -> str:
    """`São Paulo, UTC-3`: the place of the zone, and how far it is from UTC at that instant."""
    there = now.astimezone(ZoneInfo(zone))
    minutes = int((there.utcoffset() or timedelta()).total_seconds() // 60)
    place = zone.rpartition("/")[2].replace("_", " ")
    if not minutes:
        return place if place == "UTC" else f"{place}, UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"{place}, UTC{'−' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"
