"""What was sent to the phones, and the conditions of sending, in the phone's own small database file."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from webapp.database import sqlite_module
from webapp.simulator.conditions import Conditions
from webapp.simulator.orders import Order, Picture

KEPT = 20_000
"""Older messages are forgotten."""
TABLES = (
    """CREATE TABLE IF NOT EXISTS messages (
        id INTEGER PRIMARY KEY, wamid TEXT NOT NULL UNIQUE, address TEXT NOT NULL,
        by_user_id INTEGER NOT NULL, callback TEXT, picture TEXT NOT NULL,
        status TEXT NOT NULL, sent_at REAL NOT NULL)""",
    "CREATE INDEX IF NOT EXISTS messages_address ON messages (address, id)",
    """CREATE TABLE IF NOT EXISTS conditions (
        id INTEGER PRIMARY KEY, chosen TEXT NOT NULL, n INTEGER NOT NULL)""",
)
RANKS = ("accepted", "sent", "delivered", "read", "failed")
"""A message only ever moves on along these."""


@dataclass(frozen=True)
class Message:
    id: int
    wamid: str
    address: str
    by_user_id: bool
    callback: str | None
    picture: Picture
    status: str
    """The last one that the webhook took; `accepted` until then."""
    sent_at: datetime


class MessageLog:
    """Shared by all processes of the web part; each call opens the file anew, so threads need no care."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def conditions(self) -> Conditions:
        with self._open() as connection:
            return _conditions(connection)

    def choose(self, conditions: Conditions) -> None:
        """These count from the next message on, which is number 1 again."""
        with self._open() as connection:
            connection.execute("DELETE FROM conditions")
            chosen = json.dumps(conditions.as_json)
            connection.execute("INSERT INTO conditions (id, chosen, n) VALUES (1, ?, 0)", (chosen,))

    def next_number(self) -> tuple[Conditions, int]:
        """The conditions, and the number of the message that they are asked for."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            conditions = _conditions(connection)
            first = (json.dumps(conditions.as_json),)
            connection.execute("INSERT OR IGNORE INTO conditions (id, chosen, n) VALUES (1, ?, 0)", first)
            connection.execute("UPDATE conditions SET n = n + 1")
            return conditions, connection.execute("SELECT n FROM conditions").fetchone()[0]

    def keep(self, wamid: str, order: Order, at: datetime) -> None:
        picture = json.dumps(order.picture.as_json())
        row = (wamid, order.address, order.by_user_id, order.callback, picture, "accepted", at.timestamp())
        with self._open() as connection:
            into = "INSERT INTO messages (wamid, address, by_user_id, callback, picture, status, sent_at)"
            id = connection.execute(f"{into} VALUES (?, ?, ?, ?, ?, ?, ?)", row).lastrowid
            connection.execute("DELETE FROM messages WHERE id <= ?", (id - KEPT,))

    def mark(self, statuses: Sequence[tuple[str, str]]) -> None:
        """Pairs of message id and status; a message never goes back to an earlier one."""
        move = """UPDATE messages SET status = ?
            WHERE wamid = ? AND status IN (SELECT value FROM json_each(?))"""
        with self._open() as connection:
            for wamid, status in statuses:
                earlier = json.dumps(RANKS[: RANKS.index(status)])
                connection.execute(move, (status, wamid, earlier))

    def of(self, addresses: Sequence[str], most: int = 50) -> list[Message]:
        """The latest messages to these addresses of one phone, oldest first."""
        query = """SELECT * FROM messages WHERE address IN (SELECT value FROM json_each(?))
            ORDER BY id DESC LIMIT ?"""
        with self._open() as connection:
            found = connection.execute(query, (json.dumps(addresses), most))
            return [_message(*row) for row in found][::-1]

    def find(self, wamid: str) -> Message | None:
        with self._open() as connection:
            found = connection.execute("SELECT * FROM messages WHERE wamid = ?", (wamid,)).fetchone()
            return _message(*found) if found else None

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with closing(sqlite_module().connect(self._file, timeout=5)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")  # a campaign's thousands; nothing here is precious
            for table in TABLES:
                connection.execute(table)
            yield connection


def _conditions(connection: Any) -> Conditions:
    row = connection.execute("SELECT chosen FROM conditions").fetchone()
    return Conditions(**json.loads(row[0])) if row else Conditions()


def _message(
    id: int, wamid: str, address: str, by_user_id: int, callback: str | None, picture: str, *rest: Any
) -> Message:
    shown = Picture.from_json(json.loads(picture))
    status, sent_at = rest
    moment = datetime.fromtimestamp(sent_at, UTC)
    return Message(id, wamid, address, bool(by_user_id), callback, shown, status, moment)
