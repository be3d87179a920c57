"""What the phone wrote and what the webhook answered, in a small database file of its own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp.database import sqlite_module

KEPT = 500
"""Older deliveries are forgotten."""
TABLE = """CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, phone TEXT NOT NULL, words TEXT NOT NULL, tapped INTEGER NOT NULL,
    sent_at REAL NOT NULL, status INTEGER, milliseconds REAL, failure TEXT)"""


@dataclass(frozen=True)
class Delivery:
    """`status` is None until the webhook answered; `failure` says why it could not be reached."""

    id: int
    words: str
    tapped: bool
    sent_at: datetime
    status: int | None
    milliseconds: float | None
    failure: str | None

    @property
    def arrived(self) -> bool:
        return self.status == 200


class DeliveryLog:
    """Shared by all processes of the web part; each call opens the file anew, so threads need no care."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def begin(self, phone: str, words: str, tapped: bool, at: datetime) -> int:
        """Note what the phone with this key writes; the id of the note."""
        with self._writing() as connection:
            note = "INSERT INTO deliveries (phone, words, tapped, sent_at) VALUES (?, ?, ?, ?)"
            id = connection.execute(note, (phone, words, tapped, at.timestamp())).lastrowid
            connection.execute("DELETE FROM deliveries WHERE id <= ?", (id - KEPT,))
            return id

    def answered(self, id: int, status: int, milliseconds: float) -> None:
        note = "UPDATE deliveries SET status = ?, milliseconds = ? WHERE id = ?"
        with self._writing() as connection:
            connection.execute(note, (status, milliseconds, id))

    def failed(self, id: int, failure: str) -> None:
        with self._writing() as connection:
            connection.execute("UPDATE deliveries SET failure = ? WHERE id = ?", (failure, id))

    def of(self, phone: str, most: int = 50) -> list[Delivery]:
        """The latest deliveries of this phone, oldest first."""
        query = """SELECT id, words, tapped, sent_at, status, milliseconds, failure
            FROM deliveries WHERE phone = ? ORDER BY id DESC LIMIT ?"""
        with self._writing() as connection:
            return [_delivery(*row) for row in connection.execute(query, (phone, most))][::-1]

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with closing(sqlite_module().connect(self._file, timeout=5)) as connection, connection:
            connection.execute(TABLE)
            yield connection


def _delivery(id: int, words: str, tapped: int, sent_at: float, *answer: Any) -> Delivery:
    return Delivery(id, words, bool(tapped), datetime.fromtimestamp(sent_at, UTC), *answer)
