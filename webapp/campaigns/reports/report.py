"""What one campaign did, as its page shows it. Every number is read from the deliveries and the ledger."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from webapp.campaigns.models import ARRIVED, TAKEN, Campaign, CampaignStatus, Delivery, DeliveryState
from webapp.campaigns.reports import charts, counts, opt_out_curve, opt_outs, reasons
from webapp.campaigns.reports.counts import Counts
from webapp.campaigns.reports.opt_outs import Rate
from webapp.campaigns.reports.reasons import Failure
from webapp.campaigns.sending.codes import COUNTRY_FORBIDDEN
from webapp.extensions import db

PACE_OVER = timedelta(seconds=30)

_FAILED = Delivery.state == DeliveryState.FAILED


@dataclass(frozen=True)
class Progress:
    """How much WhatsApp accepted. `pace` is in messages a second; `left` says how long it takes."""

    handed: int
    of: int
    refused: int
    pace: float
    left: str


@dataclass(frozen=True)
class Share:
    """A step of the way, with its share of what was sent; `width` is that of its bar."""

    name: str
    count: int
    share: str
    width: float


@dataclass(frozen=True)
class Failed:
    """Customers who did not get it, for one cause; `reason` and `failure.code` lead to them."""

    failure: Failure
    reason: str
    customers: int


def context(campaign: Campaign, now: datetime) -> dict[str, Any]:
    """All that the report's fragment needs."""
    counted = counts.of(campaign.id)
    failed = _failed(campaign.id)
    lost = opt_outs.caused(_only(campaign.id))
    points = opt_out_curve.over_time(campaign, lost, now)
    return {
        "campaign": campaign,
        "counts": counted,
        "progress": _progress(campaign, counted, now),
        "shares": _shares(counted),
        "left_out": charts.bars(
            [
                (reason, counted.suppressed[reason])
                for reason in reasons.LEFT_OUT
                if reason in counted.suppressed
            ]
        ),
        "left_out_words": reasons.LEFT_OUT,
        "left_out_total": sum(counted.suppressed.values()),
        "failed": failed,
        "in_doubt": counted.states[DeliveryState.UNKNOWN],
        "in_doubt_does": reasons.WAITS,
        "after_opt_out": _after_opt_out(campaign.id),
        "forbidden": sum(row.customers for row in failed if row.failure.code == COUNTRY_FORBIDDEN),
        "forbidden_code": COUNTRY_FORBIDDEN,
        "rate": Rate(len(lost), _arrived(counted)),
        "usual": usual(campaign),
        "points": points,
        "chart": opt_out_curve.chart(points),
        "live": campaign.status == CampaignStatus.RUNNING,
    }


def usual(campaign: Campaign) -> Rate | None:
    """The rate of all other campaigns with this template together; None when there are none."""
    others = select(Campaign.id).where(
        Campaign.template_id == campaign.template_id, Campaign.id != campaign.id,
        Campaign.test_of_id.is_(None), Campaign.launched_at.is_not(None),
    )  # fmt: skip
    found = list(opt_outs.rates(others).values()) if campaign.template_id else []
    return opt_outs.total(found) if found else None


def _only(campaign_id: int) -> Select[tuple[int]]:
    return select(Campaign.id).where(Campaign.id == campaign_id)


def _progress(campaign: Campaign, counted: Counts, now: datetime) -> Progress:
    pace = _pace(campaign, now) if campaign.status == CampaignStatus.RUNNING else 0.0
    return Progress(
        handed=counts.accepted([campaign.id]).get(campaign.id, 0),
        of=counted.addressed,
        refused=_count(campaign.id, _FAILED, Delivery.wamid.is_(None), Delivery.reason == "refused"),
        pace=pace,
        left=_left(counted.states[DeliveryState.QUEUED], pace),
    )


def _pace(campaign: Campaign, now: datetime) -> float:
    since = max(now - PACE_OVER, campaign.launched_at or now)
    sent = db.session.scalar(
        select(func.count()).where(Delivery.campaign_id == campaign.id, Delivery.sent_at >= since)
    )
    return (sent or 0) / max((now - since).total_seconds(), 1)


def _left(queued: int, pace: float) -> str:
    if not queued or not pace:
        return ""
    minutes = queued / pace / 60
    if minutes < 1:
        return "less than a minute left"
    return f"about {minutes:.0f} min left" if minutes < 90 else f"about {minutes / 60:.0f} h left"


def _arrived(counted: Counts) -> int:
    return sum(counted.states[state] for state in ARRIVED)


def _shares(counted: Counts) -> list[Share]:
    """Sent includes delivered, and delivered includes read: each is a part of the one before."""
    sent = sum(counted.states[state] for state in TAKEN)
    steps = [("Sent", sent), ("Delivered", _arrived(counted)), ("Read", counted.states[DeliveryState.READ])]
    return [
        Share(name, count, f"{count / sent:.1%}" if sent else "–", charts.share_of_width(count, sent))
        for name, count in steps
    ]


def _failed(campaign_id: int) -> list[Failed]:
    rows = db.session.execute(
        select(Delivery.reason, Delivery.error_code, func.count().label("n"))
        .where(Delivery.campaign_id == campaign_id, Delivery.state == DeliveryState.FAILED)
        .group_by(Delivery.reason, Delivery.error_code)
    )
    found = [Failed(reasons.failure_of(row.reason, row.error_code), row.reason or "", row.n) for row in rows]
    return sorted(found, key=lambda row: (-row.customers, row.failure.code or 0))


def _after_opt_out(campaign_id: int) -> int:
    return _count(campaign_id, Delivery.after_opt_out.is_(True))


def _count(campaign_id: int, *conditions: ColumnElement[bool]) -> int:
    counted = select(func.count()).where(Delivery.campaign_id == campaign_id, *conditions)
    return db.session.scalar(counted) or 0
