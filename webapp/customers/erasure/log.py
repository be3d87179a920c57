"""`erasures.log` in the data folder: who was erased, told without a number, so that a backup that is put back
can be cleaned again. It is written before the commit, and never shortened."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app

from webapp.customers.erasure import suppression_key

FILE = "erasures.log"


@dataclass(frozen=True)
class Entry:
    """One erasure: the records by id and time of creation, for ids come again when a backup is put back; the
    keyed hashes of the addresses; and the key by its fingerprint."""

    at: datetime
    records: tuple[tuple[int, datetime], ...]
    hashes: tuple[str, ...]
    key: str


@dataclass(frozen=True)
class Log:
    entries: list[Entry]
    unreadable: int
    """Lines that are none: a crash may have cut one short, of an erasure that did not happen then."""


def path() -> Path:
    return current_app.config["HEED"].data_dir / FILE


def append(entry: Entry) -> None:
    """Write the entry so that it survives a power cut. Raises OSError."""
    file = path()
    new = not file.exists()
    with os.fdopen(os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b") as log:
        size = log.seek(0, os.SEEK_END)
        cut_short = size and os.pread(log.fileno(), 1, size - 1) != b"\n"
        log.write((b"\n" if cut_short else b"") + _line(entry).encode() + b"\n")
        log.flush()
        os.fsync(log.fileno())
    if new:
        suppression_key.sync(file.parent)


def read(file: Path) -> Log:
    """Raises OSError and UnicodeDecodeError."""
    if not file.exists():
        raise FileNotFoundError(f"There is no file {file.name}: nobody was erased, or it was not kept.")
    read = list(_entries(file.read_text(encoding="utf-8")))
    entries = [entry for entry in read if entry]
    return Log(entries, len(read) - len(entries))


def _entries(content: str) -> Iterator[Entry | None]:
    for line in filter(None, content.splitlines()):
        try:
            yield _entry(json.loads(line))
        except (ValueError, KeyError, TypeError):
            yield None


def _line(entry: Entry) -> str:
    records = [{"id": id, "created_at": _iso(created)} for id, created in entry.records]
    return json.dumps(asdict(entry) | {"at": _iso(entry.at), "records": records}, separators=(",", ":"))


def _entry(given: dict) -> Entry:
    records = tuple((int(each["id"]), _instant(each["created_at"])) for each in given["records"])
    return Entry(_instant(given["at"]), records, tuple(map(str, given["hashes"])), str(given["key"]))


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
