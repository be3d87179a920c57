"""Over all customers and campaigns: how consent moved, how much of it is proved, how fast a stop works."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, and_, func, or_, select

from webapp.campaigns.models import Campaign, Template
from webapp.campaigns.reports import opt_outs
from webapp.campaigns.reports.moments import UtcDay
from webapp.campaigns.reports.opt_outs import Rate
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Effect, Kind, Source, Status
from webapp.customers.conditions import PRESENT
from webapp.customers.models import Customer
from webapp.extensions import db

PERIODS = {30: 1, 90: 7, 365: 7}
"""Days that may be asked for, and how many of them one column of a chart takes together."""
SOURCES = {
    "Replied a keyword": (Source.KEYWORD,),
    "Tapped a button": (Source.BUTTON,),
    "Stopped in WhatsApp": (Source.WHATSAPP, Source.DELIVERY_FAILURE),
    "Agent": (Source.AGENT, Source.REVIEW),
    "Import": (Source.IMPORT,),
    "API and Heed": (Source.API, Source.SYSTEM),
}
"""The series of the charts, in their order."""
OWN_STOPS = (Source.KEYWORD, Source.BUTTON, Source.WHATSAPP)
SPEEDS = (
    ("Within 2 seconds", timedelta(seconds=2)),
    ("Within 10 seconds", timedelta(seconds=10)),
    ("Within a minute", timedelta(minutes=1)),
    ("Within an hour", timedelta(hours=1)),
    ("Later", timedelta.max),
)
NEWEST = 100


@dataclass(frozen=True)
class Movement:
    """Changes of consent: for each column the first day, and for each series of SOURCES its numbers."""

    days: list[date]
    series: dict[str, list[int]]

    @property
    def total(self) -> int:
        return sum(sum(values) for values in self.series.values())


@dataclass(frozen=True)
class Proof:
    """Customers who are opted in, and how many of them with words, a link or a file that prove it."""

    opted_in: int
    proved: int


@dataclass(frozen=True)
class StopTimes:
    """From the customer's stop to its effect, which is the commit that the gate reads."""

    median: timedelta
    worst: timedelta
    speeds: list[tuple[str, int]]
    """How many took so long and no less; the last are all the others."""


@dataclass(frozen=True)
class CampaignRate:
    campaign: Campaign
    rate: Rate


def is_opt_in() -> ColumnElement[bool]:
    return and_(
        ConsentEvent.kind == Kind.CONSENT,
        ConsentEvent.status == Status.OPTED_IN,
        ConsentEvent.effect == Effect.CHANGED,
        ConsentEvent.compensates.is_(None),
    )


def movement(which: ColumnElement[bool], days: int, now: datetime) -> Movement:
    """The changes of the last so many days by the day on which the customer said it, in UTC."""
    together = PERIODS[days]
    first = (now - timedelta(days=days - 1)).date()
    first -= timedelta(days=(-days) % together)
    day = UtcDay(ConsentEvent.occurred_at).label("day")
    rows = db.session.execute(
        select(day, ConsentEvent.source, func.count())
        .where(which, ConsentEvent.occurred_at >= _midnight(first, now))
        .group_by(day, ConsentEvent.source)
    )
    columns = ((now.date() - first).days // together) + 1
    series = {name: [0] * columns for name in SOURCES}
    names = {source.value: name for name, sources in SOURCES.items() for source in sources}
    for at, source, n in rows:
        series[names[source]][min((date.fromisoformat(at) - first).days // together, columns - 1)] += n
    return Movement([first + timedelta(days=together * n) for n in range(columns)], series)


def proof() -> Proof:
    shown = or_(
        func.trim(func.coalesce(Evidence.words, "")) != "",
        Evidence.link != "",
        Evidence.file_sha256.is_not(None),
    )
    row = db.session.execute(
        select(func.count(), func.count().filter(shown))
        .select_from(Customer)
        .outerjoin(Evidence, Evidence.event_id == Customer.status_event_id)
        .where(*PRESENT, Customer.status == Status.OPTED_IN)
    ).one()
    return Proof(row[0], row[1])


def stop_times(days: int, now: datetime) -> StopTimes | None:
    """Of the stops that customers sent by themselves; None when there were none. WhatsApp's times have whole
    seconds, so up to one of them is not the desk's."""
    rows = db.session.execute(
        select(ConsentEvent.occurred_at, ConsentEvent.recorded_at).where(
            opt_outs.is_opt_out(), ConsentEvent.source.in_(OWN_STOPS),
            ConsentEvent.occurred_at >= now - timedelta(days=days),
        )
    )  # fmt: skip
    times = [max(row.recorded_at - row.occurred_at, timedelta(0)) for row in rows]
    if not times:
        return None
    counted = Counter(next(name for name, most in SPEEDS if time <= most) for time in times)
    return StopTimes(
        timedelta(seconds=median(time.total_seconds() for time in times)),
        max(times),
        [(name, counted[name]) for name, _most in SPEEDS],
    )


def campaign_rates(days: int, now: datetime) -> list[CampaignRate]:
    """The newest campaigns that started in this time, the last one first."""
    started = select(Campaign.id).where(
        Campaign.launched_at >= now - timedelta(days=days), Campaign.test_of_id.is_(None)
    )
    newest = started.order_by(Campaign.launched_at.desc(), Campaign.id.desc()).limit(NEWEST)
    ids = select(newest.subquery().c.id)
    found = opt_outs.rates(ids)
    campaigns = db.session.scalars(
        select(Campaign).where(Campaign.id.in_(ids)).order_by(Campaign.launched_at.desc(), Campaign.id.desc())
    )
    return [CampaignRate(campaign, found.get(campaign.id, Rate(0, 0))) for campaign in campaigns]


def template_rates(campaigns: list[CampaignRate]) -> list[tuple[Template, Rate]]:
    """The same, added up by template; the most delivered first."""
    parts: dict[Template, list[Rate]] = {}
    for row in campaigns:
        if row.campaign.template:
            parts.setdefault(row.campaign.template, []).append(row.rate)
    totals = [(template, opt_outs.total(rates)) for template, rates in parts.items()]
    return sorted(totals, key=lambda row: (-row[1].delivered, row[0].name, row[0].id))


def _midnight(day: date, now: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
