"""What the consent log is limited to: read from a URL and written back to it, never a number of a person.

Whatever a URL holds gives a filter: what cannot be meant is left out.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from webapp.campaigns.models import Campaign
from webapp.campaigns.reports import opt_outs
from webapp.consent.log_query import Wanted
from webapp.consent.rules import Kind, Source
from webapp.customers import merging
from webapp.customers.filters import row_id

KINDS = {
    Kind.CONSENT: "Consent", Kind.PLATFORM_STOP: "WhatsApp’s stop", Kind.HOLD: "Hold",
    Kind.IDENTITY: "Identity", Kind.POLICY: "Settings", Kind.ERASURE: "Erasure",
}  # fmt: skip
SOURCES = {
    Source.AGENT: "Agent", Source.KEYWORD: "Keyword", Source.BUTTON: "Button", Source.WHATSAPP: "WhatsApp",
    Source.DELIVERY_FAILURE: "Failed delivery", Source.IMPORT: "Import", Source.API: "API",
    Source.REVIEW: "Review", Source.SYSTEM: "Heed",
}  # fmt: skip
LONGEST_ACTOR = 40


@dataclass(frozen=True)
class Filter:
    """The fields of the form; a day counts whole, in the workspace's zone."""

    customer: int | None = None
    actor: str = ""
    source: str = ""
    kind: str = ""
    since: date | None = None
    until: date | None = None
    campaign: int | None = None
    batch: int | None = None

    @classmethod
    def from_args(cls, args: MultiDict[str, str]) -> "Filter":
        return cls(
            customer=id_in(args, "customer"),
            actor=_actor(args.get("actor", "")),
            source=args.get("source", "") if args.get("source") in SOURCES else "",
            kind=args.get("kind", "") if args.get("kind") in KINDS else "",
            since=_day(args.get("since", "")),
            until=_day(args.get("until", "")),
            campaign=id_in(args, "campaign"),
            batch=id_in(args, "batch"),
        )

    def to_args(self, **others: Any) -> dict[str, Any]:
        """The parameters of a URL that means the same, with others in the place of some."""
        args = {**vars(self), **others}
        return {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in args.items()
            if value
        }

    @property
    def words(self) -> str:
        """For the record of who took what."""
        return ", ".join(f"{name} {value}" for name, value in self.to_args().items()) or "everything"


def wanted(filter: Filter, zone: str) -> Wanted:
    """The filter as the ledger is asked."""
    return Wanted(
        customer_ids=merging.merged_ids(filter.customer) if filter.customer else (),
        event_ids=_caused_by(filter.campaign) if filter.campaign else None,
        actor=filter.actor,
        source=filter.source,
        kind=filter.kind,
        batch_id=filter.batch,
        since=_midnight(filter.since, zone) if filter.since else None,
        until=_midnight(filter.until + timedelta(days=1), zone) if filter.until else None,
    )


def _caused_by(campaign_id: int) -> list[int]:
    """The opt-outs that count for a campaign."""
    return [each.event_id for each in opt_outs.caused(select(Campaign.id).where(Campaign.id == campaign_id))]


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone))


def id_in(args: MultiDict[str, str], name: str) -> int | None:
    return row_id(args.get(name, ""))


def _actor(raw: str) -> str:
    """`user:7`, `customer`: nothing else, so that no text of a URL gets into a file or a record."""
    name, _, number = raw.partition(":")
    known = raw in ("customer", "whatsapp", "system") or (name in ("user", "token") and number.isdecimal())
    return raw if known and len(raw) <= LONGEST_ACTOR and raw.isascii() else ""


def _day(raw: str) -> date | None:
    try:
        day = date.fromisoformat(raw)
    except ValueError:
        return None
    return day if 2000 <= day.year < 9000 else None
