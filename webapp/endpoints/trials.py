"""A trial: one message that nothing caused, sent while somebody looks on, and kept in the log."""

import secrets
from datetime import datetime

from webapp.endpoints import happenings, messages
from webapp.endpoints.models import Endpoint, EndpointMessage, MessageState
from webapp.endpoints.post import Outcome, Parcel
from webapp.extensions import db


def parcel(endpoint: Endpoint, now: datetime) -> Parcel:
    return messages.parcel(endpoint, _message(endpoint, now), now)


def keep(endpoint: Endpoint, sent: Parcel, outcome: Outcome) -> EndpointMessage:
    """Write down what came back. The caller commits."""
    message = _message(endpoint, sent.at)
    message.webhook_id = sent.webhook_id
    messages.note(message, outcome, sent.at)
    message.state = MessageState.DELIVERED if outcome.taken else MessageState.FAILED
    db.session.add(message)
    db.session.flush()
    return message


def _message(endpoint: Endpoint, now: datetime) -> EndpointMessage:
    return messages.new(endpoint, f"test-{secrets.token_hex(6)}", happenings.trial(now), now)
