"""Endpoints and their messages as people read them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from webapp.endpoints import keyring, messages
from webapp.endpoints.endpoints import host_of
from webapp.endpoints.models import TEST, Endpoint, EndpointMessage, EventType, MessageState
from webapp.endpoints.post import UNSIGNED
from webapp.extensions import db

ON_A_PAGE = 30
GOOD, WARNING, BAD = "good", "warning", "bad"
UNREADABLE = "Needs a new secret"
HOW_TO_READ = "Put the SECRET_KEY of before back, for the web part and the worker, or make a new secret."
TYPES = {
    EventType.CONSENT: "Consent recorded",
    EventType.PLATFORM_STOP: "WhatsApp’s own stop or resume",
    EventType.HOLD: "Marketing held or released",
    EventType.SUPPRESSED: "Delivery left out of a campaign",
}
STATES = {
    MessageState.WAITING: ("Waiting", WARNING),
    MessageState.DELIVERED: ("Delivered", GOOD),
    MessageState.FAILED: ("Not taken", BAD),
    MessageState.DROPPED: ("Dropped by a replay", ""),
}


@dataclass(frozen=True)
class Listed:
    """An endpoint, how it stands, and how many messages wait for it, as far as they are taken."""

    endpoint: Endpoint
    host: str
    word: str
    tone: str
    sentence: str
    waiting: int
    delivered_at: datetime | None


@dataclass(frozen=True)
class Line:
    """A message of the log."""

    message: EndpointMessage
    words: str
    tone: str
    outcome: str

    @property
    def pretty(self) -> str:
        """The payload for people."""
        return json.dumps(self.message.payload, indent=2, ensure_ascii=False)

    @property
    def repeatable(self) -> bool:
        return self.message.type != TEST


@dataclass(frozen=True)
class Summary:
    """For the status page: how many endpoints there are, and those that want a look."""

    number: int
    off: list[Listed]
    unsigned: list[Listed]
    slow: list[Listed]


def every() -> list[Listed]:
    return [listed(each) for each in db.session.scalars(select(Endpoint).order_by(Endpoint.id))]


def listed(endpoint: Endpoint) -> Listed:
    word, tone, sentence = _standing(endpoint)
    of_it = EndpointMessage.endpoint_id == endpoint.id
    waits = EndpointMessage.state == MessageState.WAITING
    taken = EndpointMessage.state == MessageState.DELIVERED
    waiting = db.session.scalar(select(func.count()).select_from(EndpointMessage).where(of_it, waits)) or 0
    last = select(EndpointMessage.tried_at).where(of_it, taken).order_by(EndpointMessage.id.desc()).limit(1)
    return Listed(endpoint, host_of(endpoint.url), word, tone, sentence, waiting, db.session.scalar(last))


def _standing(endpoint: Endpoint) -> tuple[str, str, str]:
    if endpoint.off_at:
        return "Switched off", BAD, f"{endpoint.off_reason} Resume it when the other system is well."
    if endpoint.paused_at:
        return "Paused", WARNING, "Nothing is sent until somebody resumes it; nothing is lost."
    head = messages.first_waiting(endpoint.id)
    if not keyring.is_readable(endpoint) or (head and head.failure == UNSIGNED):
        return UNREADABLE, BAD, f"{UNSIGNED} {HOW_TO_READ} Events wait; none is lost."
    if head and head.tries:
        return "Retrying", WARNING, f"{head.failure} All that follows waits for this message."
    return "On", GOOD, ""


def log(endpoint_id: int, before: int | None) -> tuple[list[Line], int | None]:
    """The newest messages, or those before this one; and where the next page goes on, if anywhere."""
    query = select(EndpointMessage).where(EndpointMessage.endpoint_id == endpoint_id)
    if before is not None:
        query = query.where(EndpointMessage.id < before)
    query = query.order_by(EndpointMessage.id.desc()).limit(ON_A_PAGE + 1)
    found: Sequence[EndpointMessage] = db.session.scalars(query).all()
    shown = found[:ON_A_PAGE]
    return [line(each) for each in shown], shown[-1].id if len(found) > ON_A_PAGE else None


def line(message: EndpointMessage) -> Line:
    words, tone = STATES[MessageState(message.state)]
    return Line(message, words, tone, _outcome(message))


def _outcome(message: EndpointMessage) -> str:
    if not message.attempts:
        waits = message.state == MessageState.WAITING
        return f"Not sent yet. {message.failure}".rstrip() if waits else "Never sent."
    attempts = f"{message.attempts} attempt{'s' if message.attempts != 1 else ''}"
    return f"{message.failure or f'It answered {message.status}.'} {attempts}."


def summary() -> Summary:
    found = every()
    return Summary(
        len(found),
        off=[each for each in found if each.endpoint.off_at],
        unsigned=[each for each in found if each.word == UNREADABLE],
        slow=[each for each in found if each.tone == WARNING],
    )


def unreadable() -> int:
    """How many endpoints have a secret that this process cannot read."""
    return sum(not keyring.is_readable(each) for each in db.session.scalars(select(Endpoint)))
