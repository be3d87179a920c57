"""What the worker does for endpoints: it looks for events every few seconds and sends them, each endpoint's
in order and by one worker at a time."""

import secrets
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial

from flask import Flask
from sqlalchemy import select

from webapp import clock, tasks
from webapp.database import writing
from webapp.endpoints import endpoints, keyring, messages, outbox, reach
from webapp.endpoints.models import Endpoint, EndpointMessage
from webapp.endpoints.post import Parcel
from webapp.extensions import db
from webapp.transactions import committed

SLICE = 5.0
"""Seconds after which a worker lets others have their turn."""
SECONDS_BETWEEN_LOOKS = 5
LOOKS_A_MINUTE = 11


@tasks.each(minute="*")
def sweep(app: Flask) -> None:
    committed(app, keyring.lock_open)
    look(app, LOOKS_A_MINUTE)


@tasks.task("look for events")
def look(app: Flask, looks: int) -> None:
    """Have a worker send to each endpoint for which something waits; then `looks` - 1 times more until the
    next sweep begins anew."""
    if not committed(app, _anybody):
        return
    committed(app, outbox.settle)
    _note_suppressed(app)
    for endpoint_id in committed(app, lambda: messages.waiting_ids(clock.now())):
        tasks.enqueue(app, "tell endpoint", endpoint_id)
    if looks > 1:
        tasks.enqueue(app, "look for events", looks - 1, delay=SECONDS_BETWEEN_LOOKS)


def _note_suppressed(app: Flask) -> None:
    """The long look takes no lock."""
    with app.app_context():
        while ids := outbox.unnoted(clock.now()):
            db.session.rollback()
            with writing():
                outbox.note_suppressed(ids, clock.now())
                db.session.commit()


@tasks.task("tell endpoint")
def tell(app: Flask, endpoint_id: int) -> None:
    """A slice of what waits for it, and the next one behind everybody else's."""
    if deliver(app, endpoint_id, clock.now):
        tasks.enqueue(app, "tell endpoint", endpoint_id)


@tasks.each(minute="37", hour="3")
def forget(app: Flask) -> None:
    """The logs and the notes go when their time is over, in small batches."""
    now = clock.now()
    committed(app, lambda: endpoints.forget_old_secrets(now))
    while committed(app, lambda: messages.forget(now)):
        pass
    while committed(app, lambda: outbox.forget_notes(now - messages.KEPT)):
        pass


def deliver(app: Flask, endpoint_id: int, now: Callable[[], datetime]) -> bool:
    """Send what is due, one after the other; whether the time was over before that was done."""
    token, end = secrets.token_hex(8), time.monotonic() + SLICE
    try:
        with committed(app, lambda: reach.post(app.config["HEED"])) as post:
            while time.monotonic() < end:
                found = committed(app, lambda: _next(endpoint_id, token, now()))
                if found is None:
                    return False
                message_id, parcel = found
                outcome = post.send(parcel)
                committed(app, partial(messages.record, message_id, token, outcome, now()))
        return True
    finally:
        committed(app, lambda: messages.leave(endpoint_id, token))


def _next(endpoint_id: int, token: str, now: datetime) -> tuple[int, Parcel] | None:
    """The number and the content of the message that is to be sent now."""
    message: EndpointMessage | None = messages.next_for(endpoint_id, token, now)
    if message is None:
        return None
    parcel = messages.parcel(db.session.get_one(Endpoint, endpoint_id), message, now)
    if not parcel.secrets:
        messages.put_off(message, now)
        return None
    return message.id, parcel


def _anybody() -> bool:
    takes = Endpoint.paused_at.is_(None), Endpoint.off_at.is_(None)
    return db.session.scalar(select(Endpoint.id).where(*takes).limit(1)) is not None
