"""How far the ledger may be read, and which deliveries were suppressed. Nobody who appends writes anything
for it or waits for it.

On PostgreSQL an event can be committed after one with a higher number. A transaction that has drawn a number
holds a lock on the sequence until its end, so: read the last number drawn, then who holds such a lock. When
all of them have ended, everything up to that number is committed, or never will be.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, insert, literal, or_, select, text, update
from sqlalchemy.orm import InstrumentedAttribute

from webapp.campaigns.models import Campaign, CampaignStatus, Delivery, DeliveryState
from webapp.consent.models import ConsentEvent
from webapp.endpoints.models import Endpoint, EventType, Outbox, SuppressionNote
from webapp.extensions import db

AT_ONCE = 500
ENDED_LATELY = timedelta(days=1)
"""A campaign that ended longer ago suppresses nobody any more."""
LAST_DRAWN = text(
    "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM consent_events_id_seq"
)
HOLDERS = text(
    "SELECT DISTINCT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND granted"
    " AND mode = 'RowExclusiveLock' AND relation = 'consent_events_id_seq'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def locked() -> Outbox:
    """The one row, and nobody else may move it or add notes before the commit."""
    query = select(Outbox).with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(query).one()


def settle() -> int:
    """Look how far the ledger is whole by now; the last such event. The caller commits."""
    outbox = locked()
    if db.session.get_bind().dialect.name == "postgresql":
        _move_fence(outbox)
    else:
        _follow(outbox, db.session.scalar(select(func.max(ConsentEvent.id))) or 0)
    db.session.flush()
    return outbox.settled_id


def _move_fence(outbox: Outbox) -> None:
    drawn = db.session.scalar(LAST_DRAWN) or 0
    holders = set(db.session.scalars(HOLDERS))
    if not holders:
        outbox.settled_id, outbox.fence_id, outbox.fence_holders = drawn, None, []
        return
    if outbox.fence_id is not None and holders.isdisjoint(outbox.fence_holders):
        outbox.settled_id, outbox.fence_id = outbox.fence_id, None
    if outbox.fence_id is None:
        outbox.fence_id, outbox.fence_holders = drawn, sorted(holders)


def _follow(outbox: Outbox, last: int) -> None:
    """SQLite has one writer, so all is whole; it numbers anew from where the ledger of a demo was cut off."""
    if last < outbox.settled_id:
        _bring_back(Endpoint.cursor, last)
    outbox.settled_id = last


def _bring_back(cursor: InstrumentedAttribute[int], last: int) -> None:
    """Rows at the end were deleted, and SQLite gives their numbers away again: none may be past them."""
    db.session.execute(update(Endpoint).where(cursor > last).values({cursor: last}))


def unnoted(now: datetime) -> list[int]:
    """The next batch of suppressed deliveries that nobody noted yet; [] while no endpoint wants to hear of
    them. Of campaigns that were launched since the first such endpoint was added."""
    since = _wanted_since()
    return list(db.session.scalars(_unnoted(since, now))) if since else []


def note_suppressed(ids: list[int], now: datetime) -> None:
    """Note these, once. The caller commits."""
    locked()
    _bring_back(Endpoint.notes_cursor, last_note())
    again = select(Delivery.id, literal(now, SuppressionNote.noted_at.type)).where(
        Delivery.id.in_(ids), ~_noted()
    )
    columns = ["delivery_id", "noted_at"]
    db.session.execute(insert(SuppressionNote).from_select(columns, again.order_by(Delivery.id)))


def _wanted_since() -> datetime | None:
    wanting = [each for each in db.session.scalars(select(Endpoint)) if EventType.SUPPRESSED in each.types]
    return min((each.created_at for each in wanting), default=None)


def _unnoted(since: datetime, now: datetime) -> ColumnElement[int]:
    alive = or_(
        Campaign.status.in_((CampaignStatus.RUNNING, CampaignStatus.PAUSED)),
        Campaign.finished_at > now - ENDED_LATELY,
    )
    campaigns = select(Campaign.id).where(alive, Campaign.launched_at >= since, Campaign.test_of_id.is_(None))
    suppressed = Delivery.state == DeliveryState.SUPPRESSED
    query = select(Delivery.id).where(Delivery.campaign_id.in_(campaigns), suppressed, ~_noted())
    return query.order_by(Delivery.id).limit(AT_ONCE)


def _noted() -> ColumnElement[bool]:
    return select(SuppressionNote.id).where(SuppressionNote.delivery_id == Delivery.id).exists()


def last_note() -> int:
    return db.session.scalar(select(func.max(SuppressionNote.id))) or 0


def forget_notes(before: datetime) -> int:
    """Delete the next batch of old notes of campaigns that are over; how many. The caller commits."""
    over = Campaign.finished_at < before - ENDED_LATELY
    old = (
        select(SuppressionNote.id)
        .join(Delivery, Delivery.id == SuppressionNote.delivery_id)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .where(SuppressionNote.noted_at < before, over)
        .order_by(SuppressionNote.id)
        .limit(AT_ONCE)
    )
    ids = list(db.session.scalars(old))
    db.session.execute(delete(SuppressionNote).where(SuppressionNote.id.in_(ids)))
    return len(ids)
