"""Opt-outs that campaigns caused, and their rate.

An opt-out counts for the last campaign message that its customer had got before it, if that started within
72 hours. A stop inside WhatsApp counts, too; one that a failed delivery reports does not, for it came before.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import aliased

from webapp.campaigns.models import ARRIVED, TAKEN, Campaign, Delivery
from webapp.campaigns.reports.moments import WholeSecond
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Effect, Kind, Source, Status, Turn
from webapp.customers import merging
from webapp.extensions import db

WINDOW = timedelta(hours=72)
SMALLEST_SAMPLE = 100
"""Below so many delivered messages one person moves the rate by a percent or more."""


@dataclass(frozen=True)
class Caused:
    """One person's opt-out and the campaign that it counts for; `customer_id` is whom the message went to."""

    customer_id: int
    campaign_id: int
    occurred_at: datetime
    event_id: int


@dataclass(frozen=True)
class Rate:
    """Opt-outs per message delivered."""

    opt_outs: int
    delivered: int

    @property
    def enough(self) -> bool:
        return self.delivered >= SMALLEST_SAMPLE

    @property
    def share(self) -> float | None:
        """None when there are too few to compare."""
        return self.opt_outs / self.delivered if self.enough else None

    @property
    def words(self) -> str:
        return "too few to compare" if self.share is None else f"{self.share:.2%}"


def is_opt_out() -> ColumnElement[bool]:
    """Events that took marketing away and were not undone."""
    undoing = aliased(ConsentEvent)
    undone = select(undoing.id).where(undoing.compensates == ConsentEvent.id).exists()
    said = and_(ConsentEvent.kind == Kind.CONSENT, ConsentEvent.status == Status.OPTED_OUT)
    stopped = and_(
        ConsentEvent.kind == Kind.PLATFORM_STOP,
        ConsentEvent.status == Turn.STOPPED,
        ConsentEvent.source == Source.WHATSAPP,
    )
    return and_(
        or_(said, stopped), ConsentEvent.effect == Effect.CHANGED, ConsentEvent.compensates.is_(None), ~undone
    )


def caused(campaign_ids: Select[tuple[int]]) -> list[Caused]:
    """The opt-outs of these campaigns, the earliest first; a person counts once per campaign."""
    found: dict[tuple[int, int], Caused] = {}
    for row in db.session.execute(_last_message_before(campaign_ids)):
        if row.occurred_at - row.started_at <= WINDOW:
            opt_out = Caused(row.customer_id, row.campaign_id, row.occurred_at, row.event_id)
            found.setdefault((opt_out.campaign_id, row.person_id), opt_out)
    return list(found.values())


def rates(campaign_ids: Select[tuple[int]]) -> dict[int, Rate]:
    """The rate of each of these campaigns that has delivered anything, or lost anybody."""
    delivered = select(Delivery.campaign_id, func.count()).where(
        Delivery.campaign_id.in_(campaign_ids), Delivery.state.in_(ARRIVED)
    )
    arrived = {row[0]: row[1] for row in db.session.execute(delivered.group_by(Delivery.campaign_id))}
    lost: dict[int, int] = {}
    for opt_out in caused(campaign_ids):
        lost[opt_out.campaign_id] = lost.get(opt_out.campaign_id, 0) + 1
    return {id: Rate(lost.get(id, 0), arrived.get(id, 0)) for id in arrived.keys() | lost.keys()}


def total(parts: list[Rate]) -> Rate:
    return Rate(sum(part.opt_outs for part in parts), sum(part.delivered for part in parts))


def _last_message_before(campaign_ids: Select[tuple[int]]) -> Select[Any]:
    """Each opt-out with the newest campaign message that started before it, where that is one of these. What
    was sent to a record that was merged into another one since was sent to the same person (`person_id`)."""
    merged = merging.lineage()
    got = Delivery.campaign_id.in_(campaign_ids), Delivery.state.in_(TAKEN)
    heirs = select(merged.c.kept).join(Delivery, Delivery.customer_id == merged.c.gone).where(*got)
    own = _taken_before(_messages().join(Delivery, Delivery.customer_id == ConsentEvent.customer_id))
    inherited = _messages().join(merged, merged.c.kept == ConsentEvent.customer_id)
    inherited = _taken_before(inherited.join(Delivery, Delivery.customer_id == merged.c.gone))
    reached = (ConsentEvent.customer_id.in_(who) for who in (select(Delivery.customer_id).where(*got), heirs))
    # PostgreSQL takes several times as long when it is asked for both in one
    before = union_all(*(own.where(each) for each in reached), inherited).subquery("before")
    newest_first = func.row_number().over(
        partition_by=before.c.event_id, order_by=(before.c.started_at.desc(), before.c.delivery_id.desc())
    )
    ranked = select(before, newest_first.label("place")).subquery("ranked")
    last = merged.c.kept.not_in(select(merged.alias().c.gone))
    person = select(merged.c.gone, merged.c.kept).where(last).subquery("person")
    return (
        select(ranked, func.coalesce(person.c.kept, ranked.c.customer_id).label("person_id"))
        .outerjoin(person, person.c.gone == ranked.c.customer_id)
        .where(ranked.c.place == 1, ranked.c.campaign_id.in_(campaign_ids))
        .order_by(ranked.c.occurred_at, ranked.c.event_id)
    )


def _messages() -> Select[Any]:
    return select(
        ConsentEvent.id.label("event_id"), ConsentEvent.occurred_at, Delivery.id.label("delivery_id"),
        Delivery.customer_id, Delivery.campaign_id, Delivery.started_at,
    ).select_from(ConsentEvent)  # fmt: skip


def _taken_before(messages: Select[Any]) -> Select[Any]:
    """Those that were taken before an opt-out, and are no tests."""
    return messages.join(Campaign, Campaign.id == Delivery.campaign_id).where(
        is_opt_out(), Delivery.state.in_(TAKEN), Campaign.test_of_id.is_(None),
        WholeSecond(Delivery.started_at) <= ConsentEvent.occurred_at,
    )  # fmt: skip
