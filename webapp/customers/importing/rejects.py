"""`FILE.rejected.csv` beside the imported file: the rows that were not (wholly) taken over, and why."""

import csv
import os
from pathlib import Path
from types import TracebackType

from webapp.customers.cells import safe
from webapp.customers.importing.table_file import Record, TableFile, UnusableFile

ADDED = ("line", "reason")


def rejected_path(path: Path) -> Path:
    """`customers.csv` → `customers.rejected.csv`."""
    return path.with_name(f"{path.stem}.rejected{path.suffix or '.csv'}")


class Rejects:
    """Writes beside the file while the import goes on; the file stands under its name when all is done.

    Used as a context. A file of an earlier import is replaced, or removed when nothing is listed.
    """

    def __init__(self, table: TableFile) -> None:
        self.path = rejected_path(table.path)
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._kept = [place for place, title in enumerate(table.header) if title.casefold() not in ADDED]
        self._header = [table.header[place] for place in self._kept]
        self._separator = table.separator
        self.listed = 0

    def __enter__(self) -> "Rejects":
        try:
            self._file = self._part.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise UnusableFile(
                f"{self.path.name} cannot be written beside the file: {error.strerror}."
            ) from None
        self._writer = csv.writer(self._file, delimiter=self._separator)
        self._writer.writerow([*map(safe, self._header), *ADDED])
        return self

    def add(self, record: Record, reason: str) -> None:
        cells = [record.cells[place] if place < len(record.cells) else "" for place in self._kept]
        self._writer.writerow([*map(safe, cells), record.line, safe(reason)])
        self.listed += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None and self.listed:
            os.replace(self._part, self.path)
            return
        self._part.unlink()
        if kind is None:
            self.path.unlink(missing_ok=True)
