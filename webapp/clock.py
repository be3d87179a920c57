"""The only place that reads the clock. Everything below the views takes the time as an argument."""

from datetime import UTC, datetime

from webapp import fault_points


def now() -> datetime:
    """This instant, aware, in UTC."""
    return datetime.now(UTC) + fault_points.clock_moved_by()
