"""The task queue's file of SQLite, which may be deleted at any time: whoever comes next makes it anew."""

import os
import sqlite3
from typing import Any

from huey.storage import SqliteStorage

Place = tuple[int, int] | None
"""Device and inode of the file; None when there is none."""


class QueueFile(SqliteStorage):  # type: ignore[misc]
    """A connection to a file that is gone would go on with what nobody else sees."""

    _opened: Place = None

    @property
    def conn(self) -> Any:
        if self._conn is not None and self._place() != self._opened:
            self._conn.close()
            self._conn = None
        if self._conn is None:
            self._conn = self._made()
            self._opened = self._place()
        return self._conn

    def _made(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._create_connection()
        for statement in self.ddl:
            connection.execute(statement)
        return connection

    def _place(self) -> Place:
        try:
            found = os.stat(self.filename)
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino
