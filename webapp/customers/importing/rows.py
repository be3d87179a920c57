"""One row of an import: what it says about whom.

An opt-out is honoured whatever else is wrong with its row, as long as the person can be told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from webapp.consent.rules import Status
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.cells import bare
from webapp.customers.importing.table_file import ATTRIBUTE, IDENTITY_COLUMNS, Record
from webapp.customers.models import IdentityKind
from webapp.customers.phones import MalformedPhone
from webapp.customers.tags import MalformedTag
from webapp.customers.tags import checked as checked_tag
from webapp.customers.text import has_controls
from webapp.customers.values import MalformedValue, parse_value

_SPREADSHEET_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")


MOST_REMEMBERED = 4096
"""Names of tags: the rows of a file share most of theirs."""


class RefusedRow(Exception):
    """Nothing of this row can be taken over; the message says why."""


@dataclass(frozen=True)
class Defaults:
    """What the person who imports said for the whole file."""

    country: str | None = None
    consent: str = ""
    evidence: str = ""
    tags: tuple[str, ...] = ()
    """Of everybody in the file."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What words of the column consent mean, in small letters; an empty meaning states nothing."""


@dataclass(frozen=True)
class Row:
    """A row that names a person. With `faults`, only its opt-out can be taken over."""

    addresses: list[Address]
    consent: Status | None
    evidence: str = ""
    given_at: datetime | None = None
    name: str = ""
    tags: list[str] = field(default_factory=list)
    attributes: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def parse(record: Record, columns: list[str], types: Mapping[str, str], defaults: Defaults) -> Row:
    """What the record says; `types` are those of the attributes by column. Raises RefusedRow."""
    cells = _cells(record, columns)
    consent = _consent(_stated(cells.get("consent", ""), defaults))
    faults: list[str] = []
    read = _Reader(cells, faults)
    addresses = read.addresses(defaults.country)
    row = Row(
        addresses=addresses,
        consent=consent,
        evidence=read.text("evidence") or (defaults.evidence if consent == Status.OPTED_IN else ""),
        given_at=read.instant("given_at"),
        name=read.text("name"),
        tags=[*defaults.tags, *read.tags()],
        attributes=read.attributes(types),
        faults=faults,
    )
    if not addresses and not faults:
        raise RefusedRow("There is no phone, wa_id or user_id.")
    if faults and (consent != Status.OPTED_OUT or not addresses):
        raise RefusedRow(" ".join(faults))
    return row


def _cells(record: Record, columns: list[str]) -> dict[str, str]:
    if record.fault:
        raise RefusedRow(record.fault)
    if any(map(str.strip, record.cells[len(columns) :])):
        raise RefusedRow(
            f"There are {len(record.cells)} cells and {len(columns)} columns; "
            "a cell with a separator in it needs quotation marks."
        )
    if "consent" in columns[len(record.cells) :]:
        raise RefusedRow("The row ends before the column consent, which may say opted_out.")
    return {name: bare(cell) for name, cell in zip(columns, record.cells, strict=False) if name}


def _stated(word: str, defaults: Defaults) -> str:
    return defaults.words.get(word.casefold(), word) if word else defaults.consent


def _consent(word: str) -> Status | None:
    if word and word not in (Status.OPTED_IN, Status.OPTED_OUT):
        raise RefusedRow(f"consent: “{word[:40]}” is neither opted_in nor opted_out, and may be an opt-out.")
    return Status(word) if word else None


@dataclass(frozen=True)
class _Reader:
    """Reads cells by their column; what is wrong with one goes to `faults` as a sentence."""

    cells: dict[str, str]
    faults: list[str]

    def text(self, column: str) -> str:
        return self._read(column, _checked) or ""

    def instant(self, column: str) -> datetime | None:
        return self._read(column, _instant)

    def addresses(self, country: str | None) -> list[Address]:
        found = [self._address(IdentityKind(column), country) for column in IDENTITY_COLUMNS]
        return [place for place in found if place]

    def _address(self, kind: IdentityKind, country: str | None) -> Address | None:
        return self._read(kind, lambda cell: address(kind, cell.removeprefix("'"), country))

    def tags(self) -> list[str]:
        return self._read("tags", _tags) or []

    def attributes(self, types: Mapping[str, str]) -> dict[str, Any]:
        values = {}
        for column, type in types.items():
            value = self._read(column, lambda cell, type=type: parse_value(type, _checked(cell)))
            if value is not None:
                values[column.removeprefix(ATTRIBUTE)] = value
        return values

    def _read(self, column: str, meaning: Callable[[str], Any]) -> Any:
        """What the cell means; None when it is empty or wrong."""
        cell = self.cells.get(column)
        if not cell:
            return None
        try:
            return meaning(_undamaged(cell))
        except (MalformedPhone, MalformedId, MalformedTag, MalformedValue) as fault:
            self.faults.append(f"{column}: {fault}")
            return None


def _undamaged(cell: str) -> str:
    if cell[0] == "#" and _SPREADSHEET_ERROR.fullmatch(cell):
        raise MalformedValue(f"“{cell}” is an error of a spreadsheet, not a value.")
    return cell


def _checked(cell: str) -> str:
    if has_controls(cell, allowed="\n\r\t"):
        raise MalformedValue("The cell holds a control character that cannot be shown.")
    return cell.replace("\r\n", "\n").replace("\r", "\n")


_tag = lru_cache(MOST_REMEMBERED)(checked_tag)


def _tags(cell: str) -> list[str]:
    return [_tag(tag) for tag in cell.split(";") if tag.strip()]


def _instant(cell: str) -> datetime:
    try:
        instant = datetime.fromisoformat(cell)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedValue(
            "Write a date like 2026-03-31, or with time and zone 2026-03-31T14:30Z."
        ) from None
