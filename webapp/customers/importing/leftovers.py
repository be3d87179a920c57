"""Lists of rows that were refused and lie in the data folder: an erased person is taken off them, too."""

import csv
import os
from collections.abc import Iterable
from pathlib import Path

from flask import current_app

from webapp.customers.addresses import Address, number_keys
from webapp.customers.cells import bare
from webapp.customers.phones import digits

PATTERN = "*.rejected.*"
PART = ".part"
FEWEST_DIGITS = 7
"""So many may be a number without the code of its country."""


def forget(places: Iterable[Address]) -> int:
    """Take out the rows in which a cell is one of these addresses in any writing; how many."""
    keys = {place.match_key for place in places}
    folder: Path = current_app.config["HEED"].data_dir
    files = sorted(file for file in folder.rglob(PATTERN) if file.is_file() and file.suffix != PART)
    return sum(_forget(file, keys) for file in files)


def _forget(file: Path, keys: set[str]) -> int:
    with file.open(encoding="utf-8", errors="surrogateescape", newline="") as lines:
        separator = max(",;\t", key=lines.readline().count)
        lines.seek(0)
        try:
            head, *rows = list(csv.reader(lines, delimiter=separator)) or [[]]
        except csv.Error:
            return 0  # no table, so none of ours
    kept = [row for row in rows if not any(_is_one(cell, keys) for cell in row)]
    if len(kept) < len(rows):
        _rewrite(file, [head, *kept], separator)
    return len(rows) - len(kept)


def _is_one(cell: str, keys: set[str]) -> bool:
    value = bare(cell).removeprefix("'")
    national = digits(value).lstrip("0")
    ends_one = len(national) >= FEWEST_DIGITS and any(key.endswith(national) for key in keys)
    return value in keys or ends_one or not keys.isdisjoint(number_keys(value))


def _rewrite(file: Path, rows: list[list[str]], separator: str) -> None:
    part = file.with_name(f"{file.name}.erased{PART}")
    with part.open("w", encoding="utf-8", errors="surrogateescape", newline="") as written:
        csv.writer(written, delimiter=separator).writerows(rows)
        written.flush()
        os.fsync(written.fileno())
    os.replace(part, file)
