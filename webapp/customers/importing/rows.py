"""One row of an import: what it says about whom.

An opt-out is honoured whatever else is wrong with its row, as long as the person can be told.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from webapp.consent.rules import Status
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.attributes.values import MalformedValue, parse_value
from webapp.customers.cells import bare
from webapp.customers.importing.table_file import ATTRIBUTE, IDENTITY_COLUMNS, Record
from webapp.customers.models import AttributeType, IdentityKind
from webapp.customers.phones import MalformedPhone, undamaged
from webapp.customers.search import fold
from webapp.customers.tags.tags import MalformedTag
from webapp.customers.tags.tags import checked as checked_tag
from webapp.customers.text import has_controls

_SPREADSHEET_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
MOST_REMEMBERED = 4096
"""Cells and names of tags: the rows of a file share most of theirs."""
NO_TAGS: Mapping[str, str] = MappingProxyType({})
Meaning = Callable[[str], Any]


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


@dataclass(slots=True, eq=False)
class Row:
    """A row that names a person. With `faults`, only its opt-out can be taken over."""

    addresses: list[Address]
    consent: Status | None
    evidence: str
    given_at: datetime | None
    name: str
    tags: Mapping[str, str]
    """Their names by their keys."""
    attributes: dict[str, Any]
    """By their names in the file, in the order of their keys."""
    faults: list[str]


class Reader:
    """Reads the records of one table. `types` are those of the attributes by column."""

    def __init__(self, columns: list[str], types: Mapping[str, str], defaults: Defaults) -> None:
        self._columns, self._defaults = columns, defaults
        self._places = [column for column in IDENTITY_COLUMNS if column in columns]
        meanings = {column: _address_in(IdentityKind(column), defaults.country) for column in self._places}
        meanings |= {"evidence": _of_cells(_text), "given_at": _of_cells(_instant)}
        meanings |= {"name": _of_cells(_text), "tags": _remembered(_tags)}
        meanings |= {column: _value_of(type) for column, type in types.items()}
        self._meanings = [(columns.index(column), column, meaning) for column, meaning in meanings.items()
                          if column in columns]  # fmt: skip
        self._consent = columns.index("consent") if "consent" in columns else None
        names = {column: column.removeprefix(ATTRIBUTE) for column in types}
        self._attributes = sorted(names.items(), key=lambda named: fold(named[1]))
        self._everybodys = {fold(name): name for name in defaults.tags}

    def read(self, record: Record) -> Row:
        """What the record says. Raises RefusedRow."""
        self._check(record)
        word = self._stated(record.cells)
        consent = _consent(word) if word else None
        faults: list[str] = []
        found = _found(self._meanings, record.cells, faults)
        addresses = [found[column] for column in self._places if column in found]
        tags = found.get("tags", NO_TAGS)
        row = Row(
            addresses,
            consent,
            found.get("evidence") or (self._defaults.evidence if consent == Status.OPTED_IN else ""),
            found.get("given_at"),
            found.get("name", ""),
            self._everybodys | tags if self._everybodys else tags,
            {name: found[column] for column, name in self._attributes if column in found},
            faults,
        )
        if not addresses and not faults:
            raise RefusedRow("There is no phone, wa_id or user_id.")
        if faults and (consent != Status.OPTED_OUT or not addresses):
            raise RefusedRow(" ".join(faults))
        return row

    def _stated(self, cells: list[str]) -> str:
        """The word of the column consent as ours; what holds for rows that have none."""
        word = bare(cells[self._consent]) if self._consent is not None else ""
        return self._defaults.words.get(word.casefold(), word) if word else self._defaults.consent

    def _check(self, record: Record) -> None:
        """Whether its cells stand below their columns, and the one that may say opted_out is there."""
        columns, cells = self._columns, record.cells
        if record.fault:
            raise RefusedRow(record.fault)
        if len(cells) > len(columns) and any(map(str.strip, cells[len(columns) :])):
            raise RefusedRow(
                f"There are {len(cells)} cells and {len(columns)} columns; "
                "a cell with a separator in it needs quotation marks."
            )
        if len(cells) < len(columns) and "consent" in columns[len(cells) :]:
            raise RefusedRow("The row ends before the column consent, which may say opted_out.")


def _consent(word: str) -> Status:
    if word not in (Status.OPTED_IN, Status.OPTED_OUT):
        raise RefusedRow(f"consent: “{word[:40]}” is neither opted_in nor opted_out, and may be an opt-out.")
    return Status(word)


def _found(meanings: list[tuple[int, str, Meaning]], cells: list[str], faults: list[str]) -> dict[str, Any]:
    """What the cells of these columns mean; what is wrong with one goes to `faults` as a sentence."""
    found, width = {}, len(cells)
    for place, column, meaning in meanings:
        if place < width and (cell := cells[place].strip()):
            try:
                found[column] = meaning(cell)
            except (MalformedPhone, MalformedId, MalformedTag, MalformedValue) as fault:
                faults.append(f"{column}: {fault}")
    return found


def _of_cells(meaning: Meaning) -> Meaning:
    """Of cells as they stand in the file, without the white space around them."""

    def meant(cell: str) -> Any:
        cell = bare(cell)
        if cell[0] == "#" and _SPREADSHEET_ERROR.fullmatch(cell):
            raise MalformedValue(f"“{cell}” is an error of a spreadsheet, not a value.")
        return meaning(cell)

    return meant


def _remembered(meaning: Meaning) -> Meaning:
    """Of cells that many rows share."""
    return lru_cache(MOST_REMEMBERED)(_of_cells(meaning))


def _address_in(kind: IdentityKind, country: str | None) -> Meaning:
    if kind == IdentityKind.WA_ID:
        return _of_cells(lambda cell: address(kind, undamaged(cell.removeprefix("'"))))
    return _of_cells(lambda cell: address(kind, cell.removeprefix("'"), country))


def _text(cell: str) -> str:
    if has_controls(cell, allowed="\n\r\t"):
        raise MalformedValue("The cell holds a control character that cannot be shown.")
    return cell.replace("\r\n", "\n").replace("\r", "\n") if "\r" in cell else cell


def _tags(cell: str) -> Mapping[str, str]:
    names = map(_tag, filter(str.strip, cell.split(";")))
    return MappingProxyType({fold(name): name for name in names})


_tag = lru_cache(MOST_REMEMBERED)(checked_tag)


def _value_of(type: str) -> Meaning:
    def value(cell: str) -> Any:
        return parse_value(type, _text(cell))

    return _of_cells(value) if type == AttributeType.JSON else _remembered(value)


def _instant(cell: str) -> datetime:
    try:
        instant = datetime.fromisoformat(cell)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise MalformedValue(
            "Write a date like 2026-03-31, or with time and zone 2026-03-31T14:30Z."
        ) from None
