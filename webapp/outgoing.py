"""One request to a machine that the settings name. No redirect is followed, and little is read."""

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit, urlunsplit

LONGEST_ANSWER = 64 * 1024
NOT_ANSWERED = (OSError, HTTPException)
"""What says that nobody answered, or not in HTTP."""


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes
    date: datetime | None
    """What the other machine's clock said."""

    @property
    def taken(self) -> bool:
        """Whoever answers with another address has not taken it."""
        return self.status < 300


def send(
    url: str, body: bytes | None, headers: Mapping[str, str], *, method: str = "POST", seconds: float = 10
) -> Answer:
    """Raises NOT_ANSWERED; `seconds` is for each step: the connection, the answer, its body."""
    parts = urlsplit(url)
    connect = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(connect(parts.hostname or "", parts.port, timeout=seconds)) as connection:
        path = urlunsplit(("", "", parts.path or "/", parts.query, ""))
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        return Answer(response.status, response.read(LONGEST_ANSWER), _date(response.getheader("Date")))


def _date(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header or "")
    except ValueError:
        return None
    return found if found.tzinfo else None
