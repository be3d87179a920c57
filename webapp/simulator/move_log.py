"""Who moved to another number or user id, in the phone's own small database file."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from webapp.database import sqlite_module

Address = tuple[str | None, str]
"""(number, user id); None for somebody who hides the number."""
TABLE = """CREATE TABLE IF NOT EXISTS moves (
    id INTEGER PRIMARY KEY, phone TEXT NOT NULL, wa_id TEXT, user_id TEXT NOT NULL)"""


class MoveLog:
    """Shared by all processes of the web part; each call opens the file anew, so threads need no care."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, phone: str, to: Address) -> None:
        with self._open() as connection:
            connection.execute("INSERT INTO moves (phone, wa_id, user_id) VALUES (?, ?, ?)", (phone, *to))

    def of(self, phone: str) -> list[Address]:
        """Where the owner of this phone moved, in order."""
        query = "SELECT wa_id, user_id FROM moves WHERE phone = ? ORDER BY id"
        with self._open() as connection:
            return [(wa_id, user_id) for wa_id, user_id in connection.execute(query, (phone,))]

    def numbers(self) -> set[str]:
        """All numbers that somebody moved to."""
        with self._open() as connection:
            taken = connection.execute("SELECT wa_id FROM moves WHERE wa_id IS NOT NULL")
            return {wa_id for (wa_id,) in taken}

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with closing(sqlite_module().connect(self._file, timeout=5)) as connection, connection:
            connection.execute(TABLE)
            yield connection
