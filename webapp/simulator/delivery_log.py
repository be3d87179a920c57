"""What was done on the phones and what the webhook answered, in a small database file of its own."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp.database import sqlite_module
from webapp.simulator.acts import Kind, Said

KEPT = 500
"""Older deliveries are forgotten."""
TABLE = """CREATE TABLE IF NOT EXISTS acts (
    id INTEGER PRIMARY KEY, phone TEXT NOT NULL, kind TEXT NOT NULL, words TEXT NOT NULL,
    message_id TEXT NOT NULL, sent_at REAL NOT NULL, status INTEGER, milliseconds REAL, failure TEXT)"""


@dataclass(frozen=True)
class Delivery:
    """`status` is None until the webhook answered; `failure` says why it could not be reached."""

    id: int
    kind: Kind
    words: str
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

    def begin(self, phone: str, said: Said) -> int:
        """Note what is done on the phone with this key; the id of the note."""
        note = "INSERT INTO acts (phone, kind, words, message_id, sent_at) VALUES (?, ?, ?, ?, ?)"
        row = (phone, said.kind.value, said.words, said.message_id, said.at.timestamp())
        with self._writing() as connection:
            id = connection.execute(note, row).lastrowid
            connection.execute("DELETE FROM acts WHERE id <= ?", (id - KEPT,))
            return id

    def answered(self, id: int, status: int, milliseconds: float) -> None:
        note = "UPDATE acts SET status = ?, milliseconds = ? WHERE id = ?"
        with self._writing() as connection:
            connection.execute(note, (status, milliseconds, id))

    def failed(self, id: int, failure: str) -> None:
        with self._writing() as connection:
            connection.execute("UPDATE acts SET failure = ? WHERE id = ?", (failure, id))

    def of(self, phone: str, most: int = 50) -> list[Delivery]:
        """The latest deliveries of this phone, oldest first."""
        query = """SELECT id, kind, words, sent_at, status, milliseconds, failure
            FROM acts WHERE phone = ? ORDER BY id DESC LIMIT ?"""
        with self._writing() as connection:
            return [_delivery(*row) for row in connection.execute(query, (phone, most))][::-1]

    def latest(self, phone: str, kinds: Sequence[Kind]) -> tuple[str, str] | None:
        """(message id, words) of the latest message of one of these kinds on this phone."""
        query = "SELECT kind, message_id, words FROM acts WHERE phone = ? ORDER BY id DESC"
        with self._writing() as connection:
            done = connection.execute(query, (phone,))
            return next(((message_id, words) for kind, message_id, words in done if kind in kinds), None)

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        with closing(sqlite_module().connect(self._file, timeout=5)) as connection, connection:
            connection.execute(TABLE)
            yield connection


def _delivery(id: int, kind: str, words: str, sent_at: float, *answer: Any) -> Delivery:
    return Delivery(id, Kind(kind), words, datetime.fromtimestamp(sent_at, UTC), *answer)
