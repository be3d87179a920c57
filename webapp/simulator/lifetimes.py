"""The times to live that somebody set on templates, in the phone's own small database file.

Source: Meta, time to live; edit a message template.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from webapp.database import sqlite_module
from webapp.simulator.refusals import Refusal

RANGES = {"AUTHENTICATION": (30, 900), "UTILITY": (30, 43_200), "MARKETING": (43_200, 2_592_000)}
"""Seconds, from and to, for each category."""
THIRTY_DAYS = -1
"""As Meta writes it for what is not marketing."""
EDITABLE = {"APPROVED", "REJECTED", "PAUSED"}
TABLE = "CREATE TABLE IF NOT EXISTS lifetimes (template TEXT PRIMARY KEY, seconds INTEGER NOT NULL)"


def wanted(body: object, template: Mapping[str, Any]) -> int:
    """The seconds that a call sets. Raises Refusal as WhatsApp refuses."""
    seconds = body.get("message_send_ttl_seconds") if isinstance(body, Mapping) else None
    category = template["category"]
    first, last = RANGES[category]
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise Refusal(100, "message_send_ttl_seconds must be a whole number.")
    unbounded = seconds == THIRTY_DAYS and category != "MARKETING"
    if not (first <= seconds <= last or unbounded):
        raise Refusal(100, f"message_send_ttl_seconds of {category} must be between {first} and {last}.")
    if template["status"] not in EDITABLE:
        raise Refusal(100, "Only templates that are approved, rejected or paused can be edited.")
    return seconds


class LifetimeLog:
    """Shared by all processes of the web part; each call opens the file anew, so threads need no care."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def set(self, template: str, seconds: int) -> None:
        with self._open() as connection:
            connection.execute("INSERT OR REPLACE INTO lifetimes VALUES (?, ?)", (template, seconds))

    def everything(self) -> dict[str, int]:
        """By the template's id."""
        with self._open() as connection:
            return dict(connection.execute("SELECT template, seconds FROM lifetimes").fetchall())

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with closing(sqlite_module().connect(self._file, timeout=5)) as connection, connection:
            connection.execute(TABLE)
            yield connection
