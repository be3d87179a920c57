"""How many calls a program may make: so many a minute for each token, told with every answer.

Counted in the memory of one process. With several web processes each counts on its own, so that a token may
make up to so many times the limit; the limit keeps a program that runs wild from taking the desk from people,
and for that it is exact enough.
"""

import math
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from flask import Response, current_app, g

from webapp.api.blueprint import bp
from webapp.api.problems import Problem

CALLS_A_MINUTE = 600
"""The setting API_CALLS_A_MINUTE of the application takes its place."""
WINDOW = 60
"""Seconds; windows begin with the minutes of the clock."""


@dataclass(frozen=True)
class Allowance:
    """What is left of the limit, and in how many seconds the whole of it is there again."""

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.remaining, 0)),
            "RateLimit-Reset": str(self.reset),
        }


class Meter:
    """The calls of each token in the present window."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._window = 0
        self._calls: dict[int, int] = {}

    def count(self, token_id: int, limit: int, now: datetime) -> Allowance:
        """Count one call; `remaining` below 0 means that it is one too many."""
        window, into = divmod(now.timestamp(), WINDOW)
        with self._lock:
            if window != self._window:
                self._window, self._calls = int(window), {}
            calls = self._calls[token_id] = self._calls.get(token_id, 0) + 1
        return Allowance(limit, limit - calls, math.ceil(WINDOW - into))


def count(token_id: int, now: datetime) -> None:
    """Count this call for the token. Raises Problem 429 when it is one too many."""
    meter: Meter = current_app.extensions.setdefault("heed-api-calls", Meter())
    limit = current_app.config.get("API_CALLS_A_MINUTE", CALLS_A_MINUTE)
    g.allowance = allowance = meter.count(token_id, limit, now)
    if allowance.remaining < 0:
        raise Problem(
            429,
            f"This token may make {limit:,} calls a minute. Wait {allowance.reset} s.",
            headers={"Retry-After": str(allowance.reset)},
        )


@bp.after_request
def tell(response: Response) -> Response:
    """Say with every answer to a known token what is left."""
    if allowance := g.get("allowance"):
        response.headers.extend(allowance.headers())
    return response
