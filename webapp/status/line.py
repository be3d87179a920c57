"""One line of the status page: something that can go wrong, how it is, and what to do."""

from collections.abc import Callable
from dataclasses import dataclass

GOOD, WARNING, BAD = "good", "warning", "bad"
WORDS = {GOOD: "Good", WARNING: "Look", BAD: "Bad"}


@dataclass(frozen=True)
class Line:
    """`tone` is good, warning or bad; `advice` says what to do, "" when there is nothing."""

    id: str
    name: str
    tone: str
    words: str
    advice: str = ""
    endpoint: str = ""
    """Where to look, as the name of a page."""
    outside: str = ""
    """What an alarm says instead of `words`, which may name a customer, or come from outside."""
    alarm: str = ""
    """Under which name it is an alarm, when its own changes."""

    @property
    def word(self) -> str:
        return WORDS[self.tone]


def named(id: str, name: str, endpoint: str = "") -> Callable[..., Line]:
    """A line of this name, still without what it says; the later page wins."""

    def line(tone: str, words: str, advice: str = "", look: str = "") -> Line:
        return Line(id, name, tone, words, advice, look or endpoint)

    return line


def count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"
