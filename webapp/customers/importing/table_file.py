"""A table in a text file: its encoding, separator and columns, and its records one at a time."""

import codecs
import csv
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple, TextIO

from webapp.customers.attributes import attributes
from webapp.customers.attributes.attributes import MalformedAttribute
from webapp.customers.search import fold

IDENTITY_COLUMNS = ("phone", "wa_id", "user_id")
COLUMNS = (*IDENTITY_COLUMNS, "name", "tags", "consent", "evidence", "given_at")
ATTRIBUTE = "attr:"
SEPARATORS = (",", ";", "\t")
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
FALLBACK_ENCODING = "cp1252"
WORKBOOK = b"PK\x03\x04"
CHUNK_BYTES = 1 << 20
LONGEST_HEADER = 100_000
LONGEST_SHOWN = 1000


class UnusableFile(Exception):
    """Nothing can be read from this file; the message is a sentence that says why."""


class Record(NamedTuple):
    """One row of the table, which begins in this line; `fault` says why it could not be split into cells."""

    line: int
    cells: list[str]
    fault: str = ""


@dataclass(frozen=True)
class TableFile:
    """What the first line of a file tells of the rest."""

    path: Path
    encoding: str
    separator: str
    header: list[str]
    """As it stands in the file."""
    columns: list[str]
    """The names that we know, such as `phone` or `attr:City`; empty for a column that means nothing to us."""

    @property
    def ignored(self) -> list[str]:
        return [title for title, name in zip(self.header, self.columns, strict=True) if title and not name]

    def records(self, behind: int = 1) -> Iterator[Record]:
        """The rows below the header, or behind so many lines; empty ones are left out. One row is in memory
        at a time."""
        with _opened(self.path, self.encoding) as file:
            deque(islice(file, behind), maxlen=0)
            records = _records(file, self.separator, behind)
            yield from (record for record in records if record.fault or any(map(str.strip, record.cells)))


def open_table(
    path: Path,
    *,
    mapping: Mapping[str, str] = MappingProxyType({}),
    encoding: str | None = None,
    separator: str | None = None,
) -> TableFile:
    """Look at the file's encoding and first line. Raises UnusableFile.

    `mapping` says what columns are, by their titles: one of ours, `attr:NAME`, or empty to leave it out.
    """
    table = read_header(path, encoding=encoding, separator=separator)
    return replace(table, columns=_columns(table.header, mapping))


def read_header(path: Path, *, encoding: str | None = None, separator: str | None = None) -> TableFile:
    """The table as its first line describes it, with no column known yet. Raises UnusableFile."""
    try:
        encoding = encoding or _encoding(path)
        with _opened(path, encoding) as file:
            first = file.readline(LONGEST_HEADER)
    except OSError as error:
        raise UnusableFile(f"{path.name} cannot be read: {error.strerror}.") from None
    if not first.strip():
        raise UnusableFile(f"{path.name} is empty; its first line must name the columns.")
    separator, header = max(
        ((sign, _split(first, sign)) for sign in ([separator] if separator else SEPARATORS)),
        key=_plausibility,
    )
    if not header:
        raise UnusableFile("A quotation mark in the first line is out of place.")
    return TableFile(path, encoding, separator, header, [""] * len(header))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(CHUNK_BYTES)
        for mark, encoding in BYTE_ORDER_MARKS.items():
            if head.startswith(mark):
                return encoding
        if head.startswith(WORKBOOK):
            raise UnusableFile(f"{path.name} is a workbook. Save it as CSV first.")
        return "utf-8" if _is_utf8(head, file) else FALLBACK_ENCODING


def _is_utf8(head: bytes, rest: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(head)
        while chunk := rest.read(CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _opened(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline="")


def _split(line: str, separator: str) -> list[str]:
    """The cells of the first line; none when it is not written with this separator."""
    try:
        return [title.strip() for title in next(csv.reader([line], delimiter=separator, strict=True))]
    except csv.Error:
        return []


def _plausibility(choice: tuple[str, list[str]]) -> tuple[bool, int]:
    _, header = choice
    return any(title.casefold() in IDENTITY_COLUMNS for title in header), len(header)


def _columns(header: list[str], mapping: Mapping[str, str]) -> list[str]:
    """The names of the columns. Raises UnusableFile."""
    columns = [_column(mapping.get(title, title)) for title in header]
    if not set(IDENTITY_COLUMNS) & set(columns):
        raise UnusableFile("The first line must name a column phone, wa_id or user_id.")
    keys = [fold(name or title) for name, title in zip(columns, header, strict=True) if title]
    for key in keys:
        if keys.count(key) > 1:
            raise UnusableFile(f"The column “{key}” stands twice in the first line.")
    return columns


def _column(title: str) -> str:
    name = title.casefold()
    if not name.startswith(ATTRIBUTE):
        return name if name in COLUMNS else ""
    try:
        return ATTRIBUTE + attributes.checked(title[len(ATTRIBUTE) :])
    except MalformedAttribute as fault:
        raise UnusableFile(f"The column “{title}” names no attribute. {fault}") from None


def _records(file: Iterable[str], separator: str, behind: int) -> Iterator[Record]:
    """Strict: a quotation mark that nobody closed would else swallow the rows behind it, opt-outs too."""
    raw: list[str] = []
    reader = csv.reader(_noting(file, raw), delimiter=separator, strict=True)
    while True:
        raw.clear()
        line = behind + reader.line_num + 1
        try:
            yield Record(line, next(reader))
        except StopIteration:
            return
        except csv.Error:
            last = behind + reader.line_num
            place = f"line {line}" if last == line else f"lines {line} to {last}"
            yield Record(
                line, ["".join(raw)[:LONGEST_SHOWN]], f"A quotation mark in {place} is out of place."
            )


def _noting(file: Iterable[str], raw: list[str]) -> Iterator[str]:
    for line in file:
        raw.append(line)
        yield line
