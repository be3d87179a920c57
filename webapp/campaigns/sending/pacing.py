"""How fast messages may start: a bucket of rate tokens that fills with time. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BURST_SECONDS = 0.2
"""A full bucket holds what flows in so long, so that nobody sends a minute's worth at once after a break."""

FAR = timedelta(minutes=1)


@dataclass(frozen=True)
class Bucket:
    """`tokens` that were left at `at`, filling by `rate` a second."""

    rate: float
    tokens: float
    at: datetime | None

    def filled(self, now: datetime) -> "Bucket":
        """As it is now. A clock that went back adds nothing, and one that went far back begins anew."""
        if self.at is None:
            return Bucket(self.rate, self.depth, now)
        if self.at - now > FAR:
            return Bucket(self.rate, min(self.depth, self.tokens), now)
        at = max(self.at, now)
        seconds = (at - self.at).total_seconds()
        return Bucket(self.rate, min(self.depth, self.tokens + seconds * self.rate), at)

    @property
    def depth(self) -> float:
        return max(1.0, self.rate * BURST_SECONDS)

    @property
    def whole(self) -> int:
        """Messages that may start at once."""
        return int(self.tokens + 1e-9)

    def less(self, taken: int) -> "Bucket":
        return Bucket(self.rate, self.tokens - taken, self.at)

    @property
    def seconds_to_next(self) -> float:
        """How long until one more may start; 0 when one may now."""
        return max(0.0, (1.0 - self.tokens) / self.rate)
