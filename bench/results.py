"""What a bench found, in the one shape that the table of goals prints.

A bench offers `measure(desk) -> list[Measured]`; what it could not measure it says with a value of None.
"""

from dataclasses import dataclass

MET, MISSED, NOT_MEASURED = "met", "missed", "not measured"


@dataclass(frozen=True)
class Desk:
    """A generated desk on one engine: `engine` is "SQLite" or "PostgreSQL"."""

    engine: str
    url: str
    customers: int
    folder: str


@dataclass(frozen=True)
class Measured:
    """One goal on one engine. `spread` holds the quartiles of what was repeated."""

    goal: str
    engine: str
    value: float | None
    limit: float
    unit: str
    spread: tuple[float, float] | None = None
    at_least: bool = False
    """The limit is a rate to reach, not a cost to stay under."""
    why: str = ""
    """Why it was not measured; of what was, which was the worst of several."""

    @property
    def verdict(self) -> str:
        if self.value is None:
            return NOT_MEASURED
        met = self.value >= self.limit if self.at_least else self.value <= self.limit
        return MET if met else MISSED
