"""Endpoints for the pages of the journeys' desk: one is told, one is switched off, one has a lost secret."""

from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.database import writing
from webapp.endpoints import endpoints, messages, outbox
from webapp.endpoints.endpoints import Wishes
from webapp.endpoints.models import Endpoint, EndpointMessage, EventType, MessageState
from webapp.endpoints.post import Outcome
from webapp.extensions import db

BUSY = Outcome(503, "<html><body>Back in a minute</body></html>", "It answered 503.")
GONE = Outcome(410, "", "It answered 410: it does not want events any more.")


def stage(now: datetime) -> None:
    """The first has the id 1; its newest message waits for another attempt."""
    with writing():
        outbox.settle()
        told = add("Shop", "https://shop.example/hooks/heed", now - timedelta(days=2))
        told.cursor = 0
        messages.take(told, now - timedelta(hours=1))
        db.session.flush()
        for message in list(waiting(told)):
            messages.note(message, Outcome(200, "ok"), now - timedelta(minutes=30))
            message.state = MessageState.DELIVERED
        last = db.session.scalars(select(EndpointMessage).order_by(EndpointMessage.id.desc())).first()
        if last:
            messages.note(last, BUSY, now - timedelta(minutes=2))
            last.state, last.due_at = MessageState.WAITING, now + timedelta(minutes=3)
        gone = add("Old CRM", "https://crm.example/in", now - timedelta(days=9))
        messages.switch_off(gone, GONE.failure, now - timedelta(hours=5))
        lost = add("Counter", "https://counter.example/heed", now - timedelta(days=1))
        lost.locked_secret = ""  # as if SECRET_KEY were another one now: nobody can read it
        db.session.commit()


def add(name: str, url: str, now: datetime) -> Endpoint:
    wishes = Wishes(name, url, tuple(EventType), with_phone=False)
    return endpoints.create(wishes, actor="system", now=now)[0]


def waiting(endpoint: Endpoint) -> list[EndpointMessage]:
    query = select(EndpointMessage).where(EndpointMessage.endpoint_id == endpoint.id)
    return list(db.session.scalars(query.order_by(EndpointMessage.id)))
