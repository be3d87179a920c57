"""Numbers that somebody types or uploads, and the customers that they are."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from webapp.customers import identities
from webapp.customers.addresses import Address, address, number_keys
from webapp.customers.cells import bare
from webapp.customers.erasure import suppressions
from webapp.customers.erasure.suppressions import WrongKey
from webapp.customers.models import Identity, IdentityKind
from webapp.customers.phones import MalformedPhone
from webapp.customers.search import is_number
from webapp.extensions import db

HEADS = ("phone", "wa_id", "number", "telephone", "mobile")
"""Heads of the column that holds the number; a file without such a head has it in its first column."""
MOST_LINES = 20_000
MOST_FAULTS = 20
"""So many malformed lines are named; the others are counted."""
CHUNK = 500


@dataclass(frozen=True)
class Line:
    """`text` is empty where a row of a file has other cells and no number."""

    number: int
    text: str


@dataclass(frozen=True)
class Left:
    """A line that is not taken, and why, as a sentence."""

    line: Line
    why: str


@dataclass
class Numbers:
    """What the lines mean: customers, each once; numbers that nobody has, by match key; the empty records of
    who was erased; what is left."""

    customers: list[int] = field(default_factory=list)
    fresh: dict[str, tuple[Line, Address]] = field(default_factory=dict)
    erased: dict[int, Line] = field(default_factory=dict)
    malformed: list[Left] = field(default_factory=list)
    repeated: list[Left] = field(default_factory=list)
    empty: list[Left] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """Which lines are no numbers, for people; empty when all are."""
        more = len(self.malformed) - MOST_FAULTS
        rest = f" And {more:,} more lines." if more > 0 else ""
        named = (f"Line {left.line.number}: {left.why}" for left in self.malformed[:MOST_FAULTS])
        return " ".join(named) + rest

    @property
    def skipped(self) -> str:
        """What of the lines counts for nothing although it is no mistake; empty when all count."""
        parts = (_counted(self.repeated, "repeat", "a number"), _counted(self.empty, "lack", "a number"))
        return " ".join(filter(None, parts))


def typed(text: str) -> list[Line]:
    """The numbers of a text field: one a line, or several parted by commas or semicolons."""
    lines = enumerate(text.splitlines(), start=1)
    parts = ((number, part) for number, line in lines for part in line.replace(";", ",").split(","))
    return [Line(number, part.strip()) for number, part in parts if part.strip()]


def filed(content: bytes) -> list[Line]:
    """The numbers of a CSV file, with commas, semicolons or tabs. Raises ValueError for another file."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("This file is not a CSV in UTF-8.") from None
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise ValueError("This file cannot be read as a CSV.") from None
    column = _column(rows[0]) if rows else None
    start = 0 if column is None else 1
    written = ((n, row) for n, row in enumerate(rows, start=1) if n > start and any(map(str.strip, row)))
    return [Line(n, bare(row[column or 0]) if len(row) > (column or 0) else "") for n, row in written]


def look_up(lines: Iterable[Line]) -> Numbers:
    """Whom the lines mean; nothing is written."""
    read = [(line, *_read(line)) for line in lines]
    known = holders({key for _, keys, _, _ in read for key in keys})
    erased, why_not = _erased(place for _, _, place, _ in read if place)
    numbers, seen = Numbers(), dict[str | int, Line]()
    for line, keys, place, why in read:
        customer = min((known[key] for key in keys if key in known), default=None)
        if customer is None and place is None:
            (numbers.malformed if line.text else numbers.empty).append(Left(line, why))
            continue
        mark = customer if place is None or customer is not None else place.match_key
        if mark in seen:
            numbers.repeated.append(Left(line, f"It repeats the number of line {seen[mark].number}."))
        elif isinstance(mark, int):
            numbers.customers.append(mark)
        elif place is not None and place.match_key in erased:
            numbers.erased[erased[place.match_key]] = line
        elif place is not None and why_not:
            numbers.malformed.append(Left(line, why_not))
        elif place is not None:
            numbers.fresh[place.match_key] = line, place
        seen.setdefault(mark, line)
    return numbers


def create(numbers: Numbers, source: str, now: datetime) -> list[int]:
    """Make each number that nobody has a customer with no record."""
    places = [place for _, place in numbers.fresh.values()]
    erased = suppressions.checked(places)
    known = erased | holders(numbers.fresh)  # who came in this moment
    return [known.get(place.match_key) or _created(place, source, now) for place in places]


def holders(keys: Iterable[str]) -> dict[str, int]:
    """The customer of each number in any of its variants; of several the one who was there first."""
    found, wanted = dict[str, int](), list(keys)
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        query = select(Identity.match_key, func.min(Identity.customer_id)).where(
            Identity.match_key.in_(part), is_number(Identity)
        )
        found |= {row[0]: row[1] for row in db.session.execute(query.group_by(Identity.match_key))}
    return found


def _created(place: Address, source: str, now: datetime) -> int:
    return identities.create_with([place], source=source, now=now).id


def _erased(places: Iterable[Address]) -> tuple[dict[str, int], str]:
    """The empty records of the erased by match key, or why nobody can tell."""
    try:
        return suppressions.standing(places), ""
    except WrongKey as fault:
        return {}, str(fault)


def _read(line: Line) -> tuple[set[str], Address | None, str]:
    if not line.text:
        return set(), None, "There is no number in this line."
    try:
        return number_keys(line.text), address(IdentityKind.PHONE, line.text), ""
    except MalformedPhone as fault:
        return number_keys(line.text), None, str(fault)


def _counted(lefts: list[Left], verb: str, what: str) -> str:
    """Like `2 lines repeat a number (3, 7).`"""
    if not lefts:
        return ""
    who = f"{len(lefts):,} lines {verb}" if len(lefts) > 1 else f"1 line {verb}s"
    return f"{who} {what}{_where(lefts)}."


def _where(lefts: list[Left]) -> str:
    shown = ", ".join(str(left.line.number) for left in lefts[:MOST_FAULTS])
    return f" ({shown}{', …' if len(lefts) > MOST_FAULTS else ''})"


def _column(head: list[str]) -> int | None:
    names = [cell.strip().casefold() for cell in head]
    return next((names.index(name) for name in HEADS if name in names), None)
