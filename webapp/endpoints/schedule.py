"""When a message that was not taken is tried again. Pure; chance is an argument."""

from datetime import timedelta

WAITS = (
    timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5),
    timedelta(hours=10), timedelta(hours=14), timedelta(hours=20), timedelta(hours=24),
)  # fmt: skip
"""After the first attempt, the second, and so on (Standard Webhooks, deliverability and reliability)."""
JITTER = 0.1
"""Each wait is up to so much longer, so that receivers which come back are not met by all at once."""


def wait(tries: int, chance: float) -> timedelta | None:
    """How long to wait after so many attempts, from 1; None when that was the last. `chance`: 0 to 1."""
    return WAITS[tries - 1] * (1 + JITTER * chance) if tries <= len(WAITS) else None
