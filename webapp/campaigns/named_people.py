"""Numbers that somebody types or uploads for one campaign, and the customers that they are."""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from webapp.customers import identities
from webapp.customers.cells import bare
from webapp.customers.phones import MalformedPhone

HEADS = ("phone", "wa_id", "number", "telephone", "mobile")
"""Heads of the column that holds the number; a file without such a head has it in its first column."""
MOST_LINES = 20_000
MOST_FAULTS = 20
"""So many malformed lines are named; the others are counted."""


@dataclass(frozen=True)
class Line:
    number: int
    text: str


@dataclass
class Named:
    """Customers that were found or created, and what was wrong, by line."""

    customers: list[int] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    created: int = 0

    @property
    def sentence(self) -> str:
        """What is wrong, for people; empty when nothing is."""
        more = len(self.faults) - MOST_FAULTS
        rest = f" And {more:,} more lines." if more > 0 else ""
        return " ".join(self.faults[:MOST_FAULTS]) + rest


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
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    column = _column(rows[0]) if rows else None
    start = 0 if column is None else 1
    cells = ((n, row[column or 0]) for n, row in enumerate(rows, start=1) if len(row) > (column or 0))
    return [Line(n, bare(cell)) for n, cell in cells if n > start and cell.strip()]


def take(lines: Iterable[Line], now: datetime) -> Named:
    """Find the customer of each number; an unknown number becomes a customer with no record."""
    named = Named()
    for line in lines:
        try:
            known = identities.find_by_any_phone(line.text)
            customer = known or identities.create(phone=line.text, source="campaign", now=now)
        except MalformedPhone as fault:
            named.faults.append(f"Line {line.number}: {fault}")
            continue
        named.created += known is None
        named.customers.append(customer.id)
    return named


def _column(head: list[str]) -> int | None:
    names = [cell.strip().casefold() for cell in head]
    return next((names.index(name) for name in HEADS if name in names), None)
