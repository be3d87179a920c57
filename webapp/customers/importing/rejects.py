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

    def __init__(self, table: TableFile, path: Path | None = None, resume_at: int | None = None) -> None:
        self.path = path or rejected_path(table.path)
        self._resume_at = resume_at
        self._resumable = path is not None
        self._part = self.path.with_name(f"{self.path.name}.part")
        self._kept = [place for place, title in enumerate(table.header) if title.casefold() not in ADDED]
        self._header = [table.header[place] for place in self._kept]
        self._separator = table.separator

    def __enter__(self) -> "Rejects":
        try:
            self._file = self._part.open("a" if self._resume_at else "w", encoding="utf-8", newline="")
        except OSError as error:
            raise UnusableFile(
                f"{self.path.name} cannot be written beside the file: {error.strerror}."
            ) from None
        self._writer = csv.writer(self._file, delimiter=self._separator)
        if not self._resume_at:
            self._writer.writerow([*map(safe, self._header), *ADDED])
            self._file.flush()
        self._head_bytes = self._resume_at or self._part.stat().st_size
        return self

    def add_all(self, listed: list[tuple[Record, str]], behind: int) -> int:
        """List these rows behind so many bytes (0 when none is listed yet), where a failed try may have
        written; how long the file is then."""
        if not listed:
            return behind
        self._file.truncate(behind or self._head_bytes)
        self._file.seek(0, os.SEEK_END)
        for record, reason in listed:
            self._add(record, reason)
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._part.stat().st_size

    def _add(self, record: Record, reason: str) -> None:
        cells = [record.cells[place] if place < len(record.cells) else "" for place in self._kept]
        self._writer.writerow([*map(safe, cells), record.line, safe(reason)])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        listed = self._part.stat().st_size > self._head_bytes or self._resume_at
        if kind is None and listed:
            os.replace(self._part, self.path)
            return
        if kind is None or not self._resumable:
            self._part.unlink()
        if kind is None:
            self.path.unlink(missing_ok=True)
