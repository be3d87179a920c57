"""Is the webhook alive? When it was last heard of, and whether its silence is an alarm.

A silence is an alarm once it has lasted `alarm_hours`. That alone would wake a small shop every night and
each Sunday, so a desk that knows its own week asks it: hours that were silent a week ago, too, are no alarm.
Messages of ours that WhatsApp accepted since always are one, for each of them is answered by a status.
"""

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, Select, case, func, select, update

from webapp import clock, tasks
from webapp.campaigns.models import Delivery, DeliveryState
from webapp.consent import ledger
from webapp.customers.models import Customer
from webapp.database import OUT_OF_REACH, writing
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage, WebhookWatch

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 1, 336
"""Hours that may be set."""
WEEK = timedelta(days=7)
MARGIN = timedelta(hours=1)
ANSWERED_WITHIN = timedelta(minutes=10)
"""A message that was accepted is answered by its first status within seconds (Meta, status messages)."""
EACH = timedelta(seconds=5)
"""Refused deliveries are written down at most so often: strangers must not fill the disk."""
RULE = (
    "So long a silence of the webhook is an alarm. Hours that were silent a week ago, too, are none, such as "
    "a night or a Sunday, unless messages were sent since."
)


@dataclass(frozen=True)
class Hearing:
    """What is known of the webhook; `silent` says that its silence is an alarm."""

    last: datetime | None
    refused_at: datetime | None
    refused_total: int
    alarm_hours: int
    silent: bool
    awaited: bool
    """Whether messages were sent since, of which WhatsApp owes us a status."""


def hearing(now: datetime) -> Hearing:
    watch = _watch()
    last = max(filter(None, (watch.heard_at, _last_stored())), default=None)
    awaited = _awaited(last, now)
    silent = _is_alarm(last, awaited, now, timedelta(hours=watch.alarm_hours))
    return Hearing(last, watch.refused_at, watch.refused_total, watch.alarm_hours, silent, awaited)


def silence(now: datetime) -> str:
    """The alarm as a sentence; "" while there is none."""
    found = hearing(now)
    if not found.silent:
        return ""
    if found.last is None:
        return "Messages were sent, and no webhook ever came: opt-outs do not reach this desk."
    hours = (now - found.last) // timedelta(hours=1)
    return f"No webhook for {hours} hours: opt-outs may not reach this desk."


def heard_columns(now: datetime) -> dict[str, ColumnElement[Any]]:
    """For `silence_from`, columns of another statement."""
    heard = select(WebhookWatch.heard_at).scalar_subquery()
    stored = select(func.max(InboundMessage.received_at)).scalar_subquery()
    never = case((func.coalesce(heard, stored).is_(None), _sent(now).limit(1).scalar_subquery()))
    hours = select(WebhookWatch.alarm_hours).scalar_subquery()
    return {
        "webhook_heard": heard,
        "webhook_stored": stored,
        "webhook_hours": hours,
        "webhook_awaited": never,
    }


def silence_from(columns: Mapping[str, Any], now: datetime) -> str:
    """`silence`, which is asked only where the columns do not rule it out."""
    last = max(filter(None, (columns["webhook_heard"], columns["webhook_stored"])), default=None)
    longest = timedelta(hours=columns["webhook_hours"])
    quiet = columns["webhook_awaited"] is not None if last is None else now - last >= longest
    return silence(now) if quiet else ""


def set_alarm(hours: int, *, actor: str, now: datetime) -> None:
    """After so many hours. Raises ValueError outside of what may be set. The caller commits."""
    if not SHORTEST <= hours <= LONGEST:
        raise ValueError(hours)
    before = db.session.scalars(select(WebhookWatch.alarm_hours).with_for_update()).one()
    db.session.execute(update(WebhookWatch).values(alarm_hours=hours))
    if before != hours:
        ledger.record_policy({"alarm_hours": before}, {"alarm_hours": hours}, actor=actor, now=now)


def heard(now: datetime) -> None:
    """A delivery with a valid signature came that held nothing new. The caller commits."""
    db.session.execute(update(WebhookWatch).values(heard_at=now))


class Refused:
    """Deliveries with a wrong signature, counted in this process until they are written down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting = 0
        self._written_at: datetime | None = None

    def count(self, now: datetime) -> int:
        """One more; how many are to be written now, 0 while it is too early."""
        with self._lock:
            self._waiting += 1
            if self._written_at and timedelta(0) <= now - self._written_at < EACH:
                return 0
            due, self._waiting, self._written_at = self._waiting, 0, now
            return due


def refuse(app: Flask, now: datetime) -> None:
    """A delivery came whose signature is wrong. Commits; the refusal does not depend on it."""
    due = app.extensions.setdefault("heed-refused", Refused()).count(now)
    if not due:
        return
    try:
        total = WebhookWatch.refused_total + due
        db.session.execute(update(WebhookWatch).values(refused_at=now, refused_total=total))
        db.session.commit()
    except OUT_OF_REACH as problem:
        db.session.rollback()
        log.warning("a refused delivery was not counted: %s", type(problem).__name__)


@tasks.each(minute="*/5")
def listen(app: Flask) -> None:
    """Tell the log of a silence, once for each."""
    with app.app_context(), writing():
        note_silence(clock.now())
        db.session.commit()


def note_silence(now: datetime) -> None:
    """The caller commits."""
    found = hearing(now)
    if not found.silent or found.last is None or _watch().logged_for == found.last:
        return
    hours = (now - found.last) // timedelta(hours=1)
    log.error("no webhook for %s hours: check the app's webhook and its address", hours)
    db.session.execute(update(WebhookWatch).values(logged_for=found.last))


def _watch() -> WebhookWatch:
    return db.session.scalars(select(WebhookWatch)).one()


def _last_stored() -> datetime | None:
    return db.session.scalar(select(func.max(InboundMessage.received_at)))


def _awaited(last: datetime | None, now: datetime) -> bool:
    """Whether WhatsApp owes us statuses. Invented customers owe nothing."""
    sent = _sent(now)
    return db.session.scalar((sent.where(Delivery.sent_at > last) if last else sent).limit(1)) is not None


def _sent(now: datetime) -> Select[tuple[int]]:
    """Messages to real people whose first status should be here by now."""
    return (
        select(Delivery.id)
        .join(Customer, Customer.id == Delivery.customer_id)
        .where(Delivery.state == DeliveryState.SENT, Delivery.sent_at <= now - ANSWERED_WITHIN)
        .where(~Customer.demo)
    )


def _is_alarm(last: datetime | None, awaited: bool, now: datetime, longest: timedelta) -> bool:
    if last is None:
        return awaited
    return now - last >= longest and (awaited or not _usual(last, now))


def _usual(last: datetime, now: datetime) -> bool:
    """Whether the same hours a week ago were silent, too; a desk younger than that has no week to ask."""
    before = select(InboundMessage.id).where(InboundMessage.received_at < last - WEEK).limit(1)
    if db.session.scalar(before) is None:
        return False
    received = InboundMessage.received_at
    then = select(InboundMessage.id).where(received > last - WEEK + MARGIN, received <= now - WEEK).limit(1)
    return db.session.scalar(then) is None
