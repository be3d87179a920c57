"""Numbers that somebody types or uploads for a static segment: whom they add, and what is not taken."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from webapp.campaigns import named_people
from webapp.campaigns.named_people import Left, Line, Numbers

SOURCE = "agent"
UNKNOWN = "Nobody has this number."
ERASED = "This person was erased."


@dataclass(frozen=True)
class Taken:
    """The customers, how many of them are new, and the lines that were not taken."""

    customers: list[int]
    created: int
    left: list[Left]


def take(lines: Iterable[Line], *, add_unknown: bool, now: datetime) -> Taken:
    """Find the customer of each number; an unknown one becomes a customer only when that was asked for."""
    numbers = named_people.look_up(lines)
    created = named_people.create(numbers, SOURCE, now) if add_unknown else []
    return Taken([*numbers.customers, *created], len(created), _left(numbers, add_unknown))


def left_of(lines: Iterable[Line], *, add_unknown: bool) -> list[Left]:
    """The lines that are not taken; nothing is written."""
    return _left(named_people.look_up(lines), add_unknown)


def sentence(added: int, created: int, left: int) -> str:
    """What became of the lines, like `418 customers added, 3 of them new without a record, 5 lines not
    taken.`"""
    parts = [f"{added:,} customer{'s' if added != 1 else ''} added"]
    parts += [f"{created:,} of them new without a record"] if created else []
    parts += [f"{left:,} line{'s' if left != 1 else ''} not taken"] if left else []
    return f"{', '.join(parts)}."


def _left(numbers: Numbers, add_unknown: bool) -> list[Left]:
    unknown = [] if add_unknown else [Left(line, UNKNOWN) for line, _ in numbers.fresh.values()]
    erased = [Left(line, ERASED) for line in numbers.erased.values()]
    left = [*numbers.malformed, *numbers.repeated, *numbers.empty, *unknown, *erased]
    return sorted(left, key=lambda each: each.line.number)
