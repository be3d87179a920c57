"""The messages of an endpoint: taken from ledger and notes, sent one after the other, and kept as a log.

The caller commits. A message is on record before it is sent, so whatever dies in between, the same one is
sent again under the same id.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update

from webapp.consent import ledger
from webapp.endpoints import happenings, keyring, outbox, schedule
from webapp.endpoints.models import TEST, Endpoint, EndpointMessage, EventType, MessageState, Outbox
from webapp.endpoints.post import UNSIGNED, Outcome, Parcel
from webapp.extensions import db

TAKEN_AT_ONCE = 50
LEASE = timedelta(seconds=60)
"""A worker that has not written anything for so long is gone; an attempt takes 15 seconds at most."""
UNSIGNED_WAITS = timedelta(minutes=1)
KEPT = timedelta(days=30)
FORGOTTEN_AT_ONCE = 500
_chance = secrets.SystemRandom().random


class NotNow(Exception):
    """What was asked cannot be done with this message; the message is a sentence for people."""


def lease(endpoint_id: int, token: str, now: datetime) -> bool:
    """Become the only worker that sends to this endpoint, or stay it; False while another one lives, and
    when nothing is to be sent."""
    free = or_(Endpoint.lease_token == token, Endpoint.lease_until.is_(None), Endpoint.lease_until < now)
    taken = db.session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id, Endpoint.paused_at.is_(None), Endpoint.off_at.is_(None), free)
        .values(lease_token=token, lease_until=now + LEASE)
    )
    return taken.rowcount == 1


def leave(endpoint_id: int, token: str) -> None:
    db.session.execute(
        update(Endpoint)
        .where(Endpoint.id == endpoint_id, Endpoint.lease_token == token)
        .values(lease_token=None, lease_until=None)
    )


def next_for(endpoint_id: int, token: str, now: datetime) -> EndpointMessage | None:
    """The message that is to be sent now, if there is one; those that follow are taken when none waits.

    Only for the holder of the lease, which this prolongs.
    """
    if not lease(endpoint_id, token, now):
        return None
    head = first_waiting(endpoint_id)
    if head is None:
        take(db.session.get_one(Endpoint, endpoint_id, populate_existing=True), now)
        head = first_waiting(endpoint_id)
    return head if head and head.due_at <= now else None


def first_waiting(endpoint_id: int) -> EndpointMessage | None:
    query = select(EndpointMessage).where(
        EndpointMessage.endpoint_id == endpoint_id, EndpointMessage.state == MessageState.WAITING
    )
    return db.session.scalar(query.order_by(EndpointMessage.id).limit(1))


def take(endpoint: Endpoint, now: datetime) -> None:
    """Put down the next events as messages, and move the cursors behind them."""
    settled = db.session.scalars(select(Outbox.settled_id)).one()
    found, endpoint.cursor = happenings.of_ledger(endpoint.types, endpoint.cursor, settled, TAKEN_AT_ONCE)
    if EventType.SUPPRESSED in endpoint.types:
        notes, endpoint.notes_cursor = happenings.of_notes(
            endpoint.notes_cursor, outbox.last_note(), endpoint.created_at, TAKEN_AT_ONCE
        )
        found += notes
    for each in found:
        db.session.add(new(endpoint, each.id, each.payload, now))
    db.session.flush()


def new(endpoint: Endpoint, what: str, payload: dict[str, Any], now: datetime) -> EndpointMessage:
    """A message, not yet written. Its id is that of the event, so that a receiver knows a repetition."""
    return EndpointMessage(
        endpoint_id=endpoint.id, webhook_id=f"msg_{endpoint.key}_{what}", type=payload["type"],
        payload=payload, due_at=now, created_at=now, attempts=0, tries=0,
    )  # fmt: skip


def parcel(endpoint: Endpoint, message: EndpointMessage, now: datetime) -> Parcel:
    content = happenings.with_phone(message.payload) if endpoint.with_phone else message.payload
    return Parcel(endpoint.url, keyring.signing_now(endpoint, now), message.webhook_id, content, now)


def put_off(message: EndpointMessage, now: datetime) -> None:
    """Nothing can sign it. That is no attempt: it waits, however long, and is looked at again."""
    message.failure, message.due_at = UNSIGNED, now + UNSIGNED_WAITS


def let_go(endpoint_id: int, now: datetime) -> None:
    """What was put off is tried at once: there is a secret again."""
    waiting = EndpointMessage.state == MessageState.WAITING
    db.session.execute(
        update(EndpointMessage)
        .where(EndpointMessage.endpoint_id == endpoint_id, waiting, EndpointMessage.failure == UNSIGNED)
        .values(failure="", due_at=now)
        .execution_options(synchronize_session=False)
    )


def record(message_id: int, token: str, outcome: Outcome, now: datetime) -> None:
    """Write what came back, unless another worker has the endpoint by now or somebody dropped it."""
    message = db.session.get(EndpointMessage, message_id, with_for_update=True, populate_existing=True)
    if message is None or message.state != MessageState.WAITING:
        return
    endpoint = db.session.get_one(Endpoint, message.endpoint_id, populate_existing=True)
    if endpoint.lease_token != token:
        return
    note(message, outcome, now)
    if outcome.taken:
        message.state = MessageState.DELIVERED
    elif outcome.gone:
        switch_off(endpoint, outcome.failure, now)
    elif pause := schedule.wait(message.tries, _chance()):
        message.due_at = now + pause
    else:
        switch_off(endpoint, f"It did not take a message in {message.tries} attempts over days.", now)
    db.session.flush()


def note(message: EndpointMessage, outcome: Outcome, now: datetime) -> None:
    """One more attempt, and what came back."""
    message.attempts += 1
    message.tries += 1
    message.tried_at, message.status = now, outcome.status
    message.answer, message.failure = outcome.answer, outcome.failure


def switch_off(endpoint: Endpoint, why: str, now: datetime) -> None:
    """Nothing is sent any more until somebody resumes it; its first message waits."""
    endpoint.off_at, endpoint.off_reason = now, why
    endpoint.version += 1
    name = f"endpoint:{endpoint.id}"
    ledger.record_policy({name: {"off": False}}, {name: {"off": True}}, actor="system", now=now)


def send_again(endpoint: Endpoint, message: EndpointMessage, now: datetime) -> None:
    """Have it sent once more, under the same id. Raises NotNow."""
    if not endpoint.takes:
        raise NotNow("Nothing is sent to this endpoint now. Resume it first.")
    if message.type == TEST:
        raise NotNow("A trial is not sent again: make a new one.")
    message.state, message.tries, message.due_at = MessageState.WAITING, 0, now


def begin_anew(endpoint_id: int, now: datetime) -> None:
    """What waits is tried at once, with all attempts before it."""
    waiting = EndpointMessage.state == MessageState.WAITING
    db.session.execute(
        update(EndpointMessage)
        .where(EndpointMessage.endpoint_id == endpoint_id, waiting)
        .values(tries=0, due_at=now)
        .execution_options(synchronize_session=False)
    )


def drop_waiting(endpoint_id: int) -> None:
    waiting = EndpointMessage.state == MessageState.WAITING
    db.session.execute(
        update(EndpointMessage)
        .where(EndpointMessage.endpoint_id == endpoint_id, waiting)
        .values(state=MessageState.DROPPED)
        .execution_options(synchronize_session=False)
    )


def forget(now: datetime) -> int:
    """Delete the next batch of the log that is older than it is kept; how many. What waits stays."""
    old = (
        select(EndpointMessage.id)
        .where(EndpointMessage.created_at < now - KEPT, EndpointMessage.state != MessageState.WAITING)
        .order_by(EndpointMessage.created_at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    ids = list(db.session.scalars(old))
    db.session.execute(delete(EndpointMessage).where(EndpointMessage.id.in_(ids)))
    return len(ids)


def waiting_ids(now: datetime) -> Sequence[int]:
    """The endpoints to which something may be sent now, and that no worker sends to."""
    idle = or_(Endpoint.lease_until.is_(None), Endpoint.lease_until < now)
    takes = Endpoint.paused_at.is_(None), Endpoint.off_at.is_(None)
    query = select(Endpoint).where(idle, *takes).order_by(Endpoint.id)
    return [each.id for each in db.session.scalars(query) if _has_work(each, now)]


def _has_work(endpoint: Endpoint, now: datetime) -> bool:
    if head := first_waiting(endpoint.id):
        return head.due_at <= now
    settled = db.session.scalars(select(Outbox.settled_id)).one()
    return endpoint.cursor < settled or (
        EventType.SUPPRESSED in endpoint.types and endpoint.notes_cursor < outbox.last_note()
    )
