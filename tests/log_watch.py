"""Every log line of every test is read as production writes it: no number, token, query string, text or
address may stand in one. What came in from outside meanwhile is remembered, so that it is recognised."""

import json
import logging
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import request, request_tearing_down

from webapp.logs import JsonLines

FORBIDDEN = {
    # Meta's id of a template has as many digits, and is of nobody.
    # The id of a task begins with the time.
    "a full number": re.compile(
        r"(?<![\w.:-])(?<!template )(?:\+\d[\d ()/-]{6,}\d|\d{10,15})(?![\w.:-]|@[0-9a-f]{8}-)"
    ),
    "a WhatsApp user id": re.compile(r"\b[A-Z]{2}\.\d{8,}"),
    "a message id, which holds a number": re.compile(r"\bwamid\.\w"),
    "a query string": re.compile(r"\?[\w.:%-]+="),
    "an e-mail address": re.compile(r"[\w.+-]+@[\w-]+\.\w"),
    "a bearer token": re.compile(r"(?i)\bbearer\s+\S"),
    "a one-time link": re.compile(r"/sign-in/(?!second-step\b)\w"),
    "a password in a URL": re.compile(r"://[^/\s:]+:[^/\s@]+@"),
}
SHORTEST = 6
"""Characters of a value that came in: a shorter one stands by chance in a word of ours."""
VOCABULARY = re.compile(r"[a-z_]+")
"""`messages`, `opted_out`: one such word is of a protocol, and of ours."""
OURS = {"heed.access", "heed.accounts", "alembic.runtime.migration"}
"""Their lines are rules and headings of ours, whatever came in; `FORBIDDEN` counts for them, too."""
NOT_SHIPPED = ("werkzeug",)
"""Werkzeug's server runs in tests and development only, and logs whole URLs."""
SECRETS_OF_TESTS = {"a secret key of thirty-two bytes or more", "an app secret", "a verify token"}


class LogWatch(logging.Handler):
    """The lines of one test, and what came from outside in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(JsonLines())
        self.lines: list[tuple[str, str]] = []
        self.came_in: set[str] = set(SECRETS_OF_TESTS)

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(NOT_SHIPPED):
            line = json.loads(self.format(record))
            self.lines.append((record.name, f"{line['message']}\n{line.get('exception', '')}"))

    def remember(self, *values: Any) -> None:
        """Keep the texts among these values, however deep they lie."""
        for value in values:
            if isinstance(value, dict):
                self.remember(*value.values())
            elif isinstance(value, list | tuple):
                self.remember(*value)
            elif isinstance(value, str) and len(value) >= SHORTEST and not VOCABULARY.fullmatch(value):
                self.came_in.add(value)

    def remember_request(self, *_: Any, **__: Any) -> None:
        """What a request brought and the view has read; reading more here would disturb what is tested."""
        read = vars(request._get_current_object())  # type: ignore[attr-defined]
        form, body = read.get("form") or {}, read.get("_cached_data") or b"null"
        self.remember(*request.args.values(), *form.values(), *(request.view_args or {}).values())
        self.remember(*request.cookies.values(), request.headers.get("Authorization", ""))
        try:
            self.remember(json.loads(body))
        except (ValueError, RecursionError):
            self.remember(body.decode(errors="replace"))

    def faults(self) -> list[str]:
        return [
            f"{what} in a log line of {name}: {line}"
            for name, line in self.lines
            for what in self.of(name, line)
        ]

    def of(self, name: str, line: str) -> Iterator[str]:
        yield from (what for what, pattern in FORBIDDEN.items() if pattern.search(line))
        if name not in OURS:
            yield from (f"{value!r}, which came in," for value in self.came_in if value in line)

    def check(self) -> None:
        assert not self.faults(), "\n".join(self.faults())


@contextmanager
def watching(patch: pytest.MonkeyPatch) -> Iterator[LogWatch]:
    """Watch what this process logs; an AssertionError at the end tells which line must not be."""
    watch, draw = LogWatch(), secrets.token_urlsafe

    def token_urlsafe(nbytes: int | None = None) -> str:
        drawn = draw(nbytes)
        watch.came_in.add(drawn)
        return drawn

    patch.setattr(secrets, "token_urlsafe", token_urlsafe)
    logging.getLogger().addHandler(watch)
    with request_tearing_down.connected_to(watch.remember_request):
        yield watch
    logging.getLogger().removeHandler(watch)
    watch.check()


@pytest.fixture(autouse=True)
def log_watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogWatch]:
    """Fails the test in which a line was written that must not be."""
    with watching(monkeypatch) as watch:
        yield watch
