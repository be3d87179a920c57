"""The hours in which marketing may start, in the workspace's time zone. Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo


class Hours(Protocol):
    zone: str
    window_from: int | None
    window_until: int | None


@dataclass(frozen=True)
class Window:
    """From one minute of the day until another, the first included; without them always open."""

    zone: ZoneInfo
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, hours: Hours) -> "Window":
        return cls(ZoneInfo(hours.zone), hours.window_from, hours.window_until)

    def open_at(self, instant: datetime) -> bool:
        """A window that ends before it begins goes over midnight."""
        if self.first is None or self.last is None or self.first == self.last:
            return True
        local = instant.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if self.first < self.last:
            return self.first <= minute < self.last
        return minute >= self.first or minute < self.last

    def opens_after(self, instant: datetime) -> datetime:
        """The first instant from this one on at which it is open."""
        if self.open_at(instant) or self.first is None:
            return instant
        local = instant.astimezone(self.zone)
        opening = datetime.combine(local.date(), time(self.first // 60, self.first % 60), self.zone)
        return opening if opening >= local else opening + timedelta(days=1)

    @property
    def words(self) -> str:
        if self.first is None or self.last is None:
            return "at any time"
        return f"from {_clock(self.first)} to {_clock(self.last)} ({self.zone.key})"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
