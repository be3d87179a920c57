"""How long the texts of customers live: as long as the settings say, and not a night longer.

That somebody wrote, and when, stays, and so does the key by which a repeated delivery is known. The words of
an opt-out are kept with its evidence. The caller commits after each batch.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, update

from webapp.extensions import db
from webapp.whatsapp.inbound import missed
from webapp.whatsapp.inbound.stored import EMPTIED
from webapp.whatsapp.models import InboundMessage

FEWEST_DAYS, MOST_DAYS = 1, 3650
AT_ONCE = 500
KEYS_KEPT = timedelta(days=30)
"""Meta repeats a delivery for up to 7 days (webhook overview); notices without a text are kept so long."""
RECEIPTS = ("status",)


def forget_some(days: int, now: datetime, after: int = 0) -> int | None:
    """Empty the next batch of texts older than `days`; the id to go on after, None when all is done.

    Dead letters that are still open stay, and so do missed stops that wait for a decision.
    """
    cut = now - timedelta(days=days)
    while missed.sift(AT_ONCE, before=cut):
        pass
    ids = list(db.session.scalars(_old(cut, after)))
    if not ids:
        return None
    emptied = {"raw": EMPTIED, "matched": ""}
    db.session.execute(update(InboundMessage).where(InboundMessage.id.in_(ids)).values(**emptied))
    return ids[-1]


def _old(cut: datetime, after: int) -> ColumnElement[int]:
    return (
        select(InboundMessage.id)
        .where(InboundMessage.id > after, InboundMessage.received_at < cut, *_closed())
        .where(InboundMessage.raw != EMPTIED)
        .order_by(InboundMessage.id)
        .limit(AT_ONCE)
    )


def forget_receipts(days: int, now: datetime) -> int:
    """Delete the next batch of old receipts of our own messages; how many. Deliveries know what they said."""
    cut = now - max(timedelta(days=days), KEYS_KEPT)
    old = (
        select(InboundMessage.id)
        .where(InboundMessage.received_at < cut, InboundMessage.kind.in_(RECEIPTS), *_closed())
        .order_by(InboundMessage.received_at)
        .limit(AT_ONCE)
    )
    ids = list(db.session.scalars(old))
    db.session.execute(delete(InboundMessage).where(InboundMessage.id.in_(ids)))
    return len(ids)


def _closed() -> tuple[ColumnElement[bool], ...]:
    return InboundMessage.failure.is_(None), InboundMessage.missed.is_(None)
