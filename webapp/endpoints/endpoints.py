"""Endpoints created, changed, paused, moved and deleted by admins, each change on record in the ledger.

The caller commits. Neither a secret nor the path of a URL, which may be one, gets into the ledger.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select

from webapp.consent import ledger
from webapp.consent.models import ConsentEvent
from webapp.endpoints import keyring, messages, outbox
from webapp.endpoints.models import Endpoint, EndpointMessage, SuppressionNote
from webapp.extensions import db


class ChangedMeanwhile(Exception):
    """Somebody else changed the endpoint since it was read."""


@dataclass(frozen=True)
class Wishes:
    """How an endpoint shall be. The URL was checked (`addresses.wrong`)."""

    name: str
    url: str
    types: tuple[str, ...]
    with_phone: bool


def create(wishes: Wishes, *, actor: str, now: datetime) -> tuple[Endpoint, str]:
    """An endpoint that gets what happens from now on, and its secret, which the desk does not show again."""
    endpoint = Endpoint(
        key=secrets.token_hex(8), name=wishes.name, url=wishes.url, types=list(wishes.types),
        with_phone=wishes.with_phone, cursor=outbox.settle(), notes_cursor=outbox.last_note(),
        off_reason="", created_at=now, created_by=actor,
    )  # fmt: skip
    secret = keyring.give_new(endpoint)
    db.session.add(endpoint)
    db.session.flush()
    _record(endpoint, {}, facts(endpoint), actor, now)
    return endpoint, secret


def change(endpoint: Endpoint, wishes: Wishes, *, version: int, actor: str, now: datetime) -> None:
    """Raises ChangedMeanwhile when `version` is not the one on record."""
    _lock(endpoint)
    if endpoint.version != version:
        raise ChangedMeanwhile
    before, moved = facts(endpoint), endpoint.url != wishes.url
    endpoint.name, endpoint.url = wishes.name, wishes.url
    endpoint.types, endpoint.with_phone = list(wishes.types), wishes.with_phone
    after = facts(endpoint)
    if before == after and not moved:
        return
    endpoint.version += 1
    _record(endpoint, before, after | ({"url": "changed"} if moved else {}), actor, now)


def rotate(endpoint: Endpoint, *, actor: str, now: datetime) -> str:
    """A new secret, which the desk does not show again; the one before it signs too for 24 hours."""
    _lock(endpoint)
    secret = keyring.rotate(endpoint, now)
    messages.let_go(endpoint.id, now)
    endpoint.version += 1
    _record(endpoint, {}, {"secret": "rotated"}, actor, now)
    return secret


def pause(endpoint: Endpoint, *, actor: str, now: datetime) -> None:
    """Nothing is sent until somebody resumes it; nothing is lost either."""
    _lock(endpoint)
    if endpoint.paused_at is None:
        endpoint.paused_at = now
        endpoint.version += 1
        _record(endpoint, {"paused": False}, {"paused": True}, actor, now)


def resume(endpoint: Endpoint, *, actor: str, now: datetime) -> None:
    """Go on where it stopped, with all attempts before the first message."""
    _lock(endpoint)
    if endpoint.takes:
        return
    before = {"paused": endpoint.paused_at is not None, "off": endpoint.off_at is not None}
    endpoint.paused_at = endpoint.off_at = None
    endpoint.off_reason = ""
    endpoint.version += 1
    messages.begin_anew(endpoint.id, now)
    _record(endpoint, before, {"paused": False, "off": False}, actor, now)


def replay_from_event(endpoint: Endpoint, event_id: int, *, actor: str, now: datetime) -> None:
    """Go on with this event of the ledger, whether it was sent before or not; with the next one when there is
    no such event yet."""
    _move(
        endpoint,
        min(event_id - 1, outbox.settle()),
        endpoint.notes_cursor,
        {"from_event": event_id},
        actor,
        now,
    )


def replay_from_time(endpoint: Endpoint, moment: datetime, *, actor: str, now: datetime) -> None:
    """Go on with what was recorded at that time, suppressed deliveries included as far as they are noted."""
    first = db.session.scalar(select(func.min(ConsentEvent.id)).where(ConsentEvent.recorded_at >= moment))
    note = db.session.scalar(select(func.min(SuppressionNote.id)).where(SuppressionNote.noted_at >= moment))
    cursor = first - 1 if first else outbox.settle()
    notes_cursor = note - 1 if note else outbox.last_note()
    _move(endpoint, cursor, notes_cursor, {"from_time": moment.isoformat()}, actor, now)


def remove(endpoint: Endpoint, *, actor: str, now: datetime) -> None:
    """Delete it with its log."""
    _lock(endpoint)
    _record(endpoint, facts(endpoint), {}, actor, now)
    db.session.execute(delete(EndpointMessage).where(EndpointMessage.endpoint_id == endpoint.id))
    db.session.delete(endpoint)
    db.session.flush()


def facts(endpoint: Endpoint) -> dict[str, Any]:
    """What the ledger keeps of it."""
    return {
        "name": endpoint.name, "host": host_of(endpoint.url), "types": list(endpoint.types),
        "with_phone": endpoint.with_phone,
    }  # fmt: skip


def host_of(url: str) -> str:
    return urlsplit(url).hostname or ""


def forget_old_secrets(now: datetime) -> None:
    """What signs no more is not kept."""
    for endpoint in db.session.scalars(select(Endpoint).where(Endpoint.old_secret_until < now)):
        endpoint.locked_old_secret = endpoint.old_secret_until = None


def _lock(endpoint: Endpoint) -> None:
    """Workers and other people wait until the commit; what is read is how it stands."""
    db.session.refresh(endpoint, with_for_update=True)


def _move(
    endpoint: Endpoint, cursor: int, notes_cursor: int, said: dict[str, Any], actor: str, now: datetime
) -> None:
    _lock(endpoint)
    before = {"cursor": endpoint.cursor}
    messages.drop_waiting(endpoint.id)
    endpoint.cursor, endpoint.notes_cursor = cursor, notes_cursor
    endpoint.version += 1
    _record(endpoint, before, {"cursor": cursor, **said}, actor, now)


def _record(
    endpoint: Endpoint, before: dict[str, Any], after: dict[str, Any], actor: str, now: datetime
) -> None:
    name = f"endpoint:{endpoint.id}"
    ledger.record_policy({name: before}, {name: after}, actor=actor, now=now)
