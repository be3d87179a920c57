"""Endpoints and events that tests need."""

from datetime import datetime

from flask import Flask
from sqlalchemy import select

from tests.factories import at
from webapp import clock
from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.rules import Source, Status
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.endpoints import endpoints, keyring, outbox, worker
from webapp.endpoints.endpoints import Wishes
from webapp.endpoints.models import Endpoint, EndpointMessage, EventType
from webapp.extensions import db

ALL = tuple(EventType)


def an_endpoint(
    url: str = "https://shop.example/hooks", *, types: tuple[str, ...] = ALL, with_phone: bool = False
) -> Endpoint:
    """An endpoint since noon; committed."""
    wishes = Wishes("Shop", url, types, with_phone)
    endpoint, _ = endpoints.create(wishes, actor="user:1", now=at(0))
    db.session.commit()
    return endpoint


def secret_of(endpoint: Endpoint) -> str:
    """What the other system was given."""
    return keyring.signing_now(endpoint, clock.now())[0]


def opts_out(customer: Customer, seconds: float = 10.0) -> int:
    """The customer says STOP so many seconds after noon; the number of the event. Committed."""
    said = Statement(Status.OPTED_OUT, Source.KEYWORD, "customer", at(seconds), proof=Proof(words="STOP"))
    event = ledger.record(customer, said)
    db.session.commit()
    assert event
    return event.id


def settled() -> int:
    found = outbox.settle()
    db.session.commit()
    return found


def delivered(app: Flask, endpoint_id: int, now: datetime | None = None) -> None:
    """A worker's slice, at that time; the public library takes only signatures of about the present."""
    with app.app_context(), writing():
        settled()
    worker.deliver(app, endpoint_id, lambda: now or clock.now())


def log_of(app: Flask, endpoint_id: int) -> list[EndpointMessage]:
    with app.app_context():
        query = select(EndpointMessage).where(EndpointMessage.endpoint_id == endpoint_id)
        return list(db.session.scalars(query.order_by(EndpointMessage.id)))


def states(app: Flask, endpoint_id: int) -> list[str]:
    return [message.state for message in log_of(app, endpoint_id)]
