"""A look at the first rows of a file: what its columns hold, and what a spreadsheet did to them."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import phonenumbers

from webapp.customers.cells import bare
from webapp.customers.importing import UnusableFile, read_header
from webapp.customers.importing.table_file import Record, TableFile
from webapp.customers.text import has_controls, one_line
from webapp.imports.uploads import BYTE_ORDER_MARKS

CELLS_LOOKED_AT = 40_000
FEWEST_ROWS = 200
"""The columns are judged from the first rows: a page waits for about a sixth of a second."""
NUMBERS_LOOKED_AT = 200
MOST_COLUMNS = 100
MOST_EXAMPLES = 3
MOST_WORDS = 20
LONGEST_EXAMPLE = 60
_SHORTENED = re.compile(r"[+]?\d+(?:[.,]\d+)?E[+]?\d+", re.IGNORECASE)
_SPREADSHEET_ERROR = re.compile(r"#(N/A|REF!|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!)")
_NUMBER = re.compile(r"(?!\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b)[+(]*\d[\d ().\-/]{6,18}\d")
"""As people write one, and no date."""
ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-be": "UTF-16, big-endian",
    "cp1252": "Western European (Windows-1252)",
    "mac_roman": "Western European (Mac)",
    "cp1250": "Central European (Windows-1250)",
    "cp1251": "Cyrillic (Windows-1251)",
    "cp1254": "Turkish (Windows-1254)",
    "cp1255": "Hebrew (Windows-1255)",
    "cp1256": "Arabic (Windows-1256)",
    "gb18030": "Chinese, simplified (GB 18030)",
    "big5": "Chinese, traditional (Big5)",
    "cp932": "Japanese (Shift-JIS)",
    "cp949": "Korean (CP949)",
}
SEPARATORS = {",": "Comma", ";": "Semicolon", "\t": "Tab", "|": "Vertical bar"}
DAMAGE: dict[str, tuple[str, Callable[[str], bool]]] = {
    "shortened": (
        "shortened by a spreadsheet, so digits are lost. Format the column as text and export it again",
        lambda cell: bool(_SHORTENED.fullmatch(cell)),
    ),
    "error": (
        "an error of a spreadsheet, not a value",
        lambda cell: bool(_SPREADSHEET_ERROR.fullmatch(cell)),
    ),
    "unreadable": (
        "not readable in this encoding. Choose another one above",
        lambda cell: "\ufffd" in cell,
    ),
    "control": (
        "with a control character that cannot be shown",
        lambda cell: has_controls(cell, allowed="\n\r\t"),
    ),
}
"""What may have happened to a cell, and how it is told behind the number of cells."""


@dataclass(frozen=True)
class Table(TableFile):
    """A table that knows how far it was read, so that somebody goes on from there without reading it again.

    `first` is its first line where that is a row like the others. `behind` is the line of a record; those up
    to it are passed over. `reached` holds the line of the record that was read last.
    """

    first: list[str] | None = None
    behind: int = 0
    reached: list[int] = field(default_factory=lambda: [0])

    def records(self, behind: int = 1) -> Iterator[Record]:
        for record in islice(self._from(behind), bool(self.behind), None):
            self.reached[0] = record.line
            yield record

    def _from(self, behind: int) -> Iterator[Record]:
        """All, or from the record in the line `behind` on, which is the first of these."""
        if self.first is not None and self.behind <= 1:
            yield Record(1, self.first)
        yield from super().records(max(self.behind - 1, behind))


@dataclass
class Column:
    """One column as the first rows show it."""

    title: str
    examples: list[str] = field(default_factory=list)
    filled: int = 0
    numbers: int = 0
    """Cells that look like a phone number."""
    damage: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    """Its different words in small letters, while they are few."""
    cells: list[str] = field(default_factory=list)
    """The first ones that are not empty."""

    def add(self, cell: str) -> None:
        cell = bare(cell)
        if not cell:
            return
        self.filled += 1
        self.numbers += bool(_NUMBER.fullmatch(cell) or _SHORTENED.fullmatch(cell))
        self.damage.update(kind for kind, (_, is_so) in DAMAGE.items() if is_so(cell))
        if len(self.cells) < NUMBERS_LOOKED_AT:
            self.cells.append(cell)
            shown = _shown(cell)
            if len(self.examples) < MOST_EXAMPLES and shown not in self.examples:
                self.examples.append(shown)
        if len(self.words) <= MOST_WORDS or cell.casefold() in self.words:
            self.words[cell.casefold()] += 1

    @property
    def holds_numbers(self) -> bool:
        """Whether most of its cells look like a phone number."""
        return self.numbers * 2 > self.filled

    def told(self) -> list[str]:
        """What is wrong with its cells, a sentence for each kind."""
        return [
            f"{n:,} {'cell is' if n == 1 else 'cells are'} {DAMAGE[kind][0]}."
            for kind, n in self.damage.items()
        ]


@dataclass(frozen=True)
class Look:
    """What the first rows of a file show."""

    columns: list[Column]
    rows: int
    """How many were looked at."""
    faults: int
    """Rows that could not be split into cells."""

    def country(self) -> str:
        """The country of most numbers that are written with their +; empty when there is none."""
        numbers = [cell for column in self.columns for cell in column.cells if cell.startswith("+")]
        found = Counter(filter(None, map(_country, numbers)))
        country, n = found.most_common(1)[0] if found else ("", 0)
        return country if n * 2 > found.total() else ""


def look(table: TableFile) -> Look:
    """Read the first rows."""
    columns = [Column(title) for title in table.header]
    rows = faults = 0
    for record in islice(table.records(), max(CELLS_LOOKED_AT // len(columns), FEWEST_ROWS)):
        rows += 1
        faults += bool(record.fault)
        if not record.fault:
            for column, cell in zip(columns, record.cells, strict=False):
                column.add(cell)
    return Look(columns, rows, faults)


def opened(path: Path, encoding: str, separator: str | None, titled: bool) -> Table:
    """The table as somebody says that it is to be read, with no column known yet. Raises UnusableFile."""
    table = _header(path, _codec(path, encoding), separator)
    if len(table.header) > MOST_COLUMNS:
        raise UnusableFile(f"This file has {len(table.header):,} columns. Leave {MOST_COLUMNS} at most.")
    if titled:
        return Table(**vars(table))
    titles = [f"Column {number}" for number in range(1, len(table.header) + 1)]
    return Table(**vars(table) | {"header": titles}, first=table.header)


def guessed_encoding(path: Path) -> str:
    """One of ENCODINGS. Raises UnusableFile."""
    head = _head(path)
    if not head.startswith(BYTE_ORDER_MARKS) and 0 in head:
        return "utf-16" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"
    found = _header(path).encoding
    return "utf-8-sig" if found == "utf-8" else found


def _header(path: Path, encoding: str | None = None, separator: str | None = None) -> TableFile:
    """Its faults tell of the file without the name under which it lies here."""
    try:
        return read_header(path, encoding=encoding, separator=separator)
    except UnusableFile as fault:
        raise UnusableFile(str(fault).replace(path.name, "This file")) from None


def _codec(path: Path, encoding: str) -> str:
    """UTF-16 is told by its mark where there is one; without it, its usual order is the little-endian."""
    if not encoding.startswith("utf-16"):
        return encoding
    marked = _head(path).startswith(BYTE_ORDER_MARKS)
    return "utf-16" if marked else "utf-16-be" if encoding == "utf-16-be" else "utf-16-le"


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def seems_titled(header: list[str]) -> bool:
    """Whether the first line names the columns: names are no numbers."""
    return not any(_NUMBER.fullmatch(title) for title in header)


def _country(number: str) -> str | None:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return None


def _shown(cell: str) -> str:
    line = one_line(cell)
    return line if len(line) <= LONGEST_EXAMPLE else f"{line[:LONGEST_EXAMPLE]}…"
