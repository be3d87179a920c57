"""How the opt-outs that a campaign caused added up over time, as a line with its labels."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from webapp.campaigns import switch
from webapp.campaigns.models import Campaign, CampaignStatus
from webapp.campaigns.reports import charts
from webapp.campaigns.reports.charts import LineChart
from webapp.campaigns.reports.opt_outs import Caused
from webapp.formatting import MONTHS

POINTS = 25
LABELS = 6
FEWER_LABELS = 4
"""Where a label holds a day and a time."""
IN_SECONDS, IN_MINUTES, IN_HOURS = timedelta(minutes=10), timedelta(days=1), timedelta(days=6)


@dataclass(frozen=True)
class Point:
    at: datetime
    label: str
    count: int


def over_time(campaign: Campaign, lost: list[Caused], now: datetime) -> list[Point]:
    """How many opt-outs it had caused at equally distant instants from its launch on."""
    start = campaign.launched_at
    if start is None:
        return []
    last = max([opt_out.occurred_at for opt_out in lost] + [campaign.finished_at or now])
    end = now if campaign.status == CampaignStatus.RUNNING else min(now, max(last, start))
    step = max(end - start, timedelta(minutes=1)) / (POINTS - 1)
    zone = ZoneInfo(switch.current().zone)
    instants = [start + step * n for n in range(POINTS)]
    instants[-1] = max(instants[-1], last)
    span = instants[-1] - start
    return [
        Point(at, _label(at.astimezone(zone), span), sum(opt_out.occurred_at <= at for opt_out in lost))
        for at in instants
    ]


def chart(points: list[Point]) -> LineChart:
    labels = [point.label for point in points]
    return charts.line_chart([point.count for point in points], charts.spread(labels, _most_labels(points)))


def _most_labels(points: list[Point]) -> int:
    span = points[-1].at - points[0].at if points else timedelta()
    return FEWER_LABELS if IN_MINUTES <= span < IN_HOURS else LABELS


def _label(at: datetime, span: timedelta) -> str:
    """So exact that the labels of an axis over `span` differ."""
    day = f"{at.day} {MONTHS[at.month - 1]}"
    if span < IN_SECONDS:
        return f"{at:%H:%M:%S}"
    if span < IN_MINUTES:
        return f"{at:%H:%M}"
    return f"{day} {at:%H:%M}" if span < IN_HOURS else day
