"""Table files that leave as they are written, so that memory stays flat however long they are."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

from webapp.customers.cells import safe

Cells = Sequence[object]


def written(head: Cells, parts: Iterable[Iterable[Cells]]) -> Iterator[str]:
    """The lines of a CSV file, the head first, then one piece for each part."""
    yield _lines([head])
    for part in parts:
        yield _lines(part)


def guarded(rows: Iterable[Cells]) -> list[list[object]]:
    """Rows whose texts no spreadsheet runs as a formula."""
    return [[safe(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]


def _lines(rows: Iterable[Cells]) -> str:
    file = StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()
