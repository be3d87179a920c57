"""A dead letter is tried again, after whatever stood in its way was put right.

The stored piece is put back into a delivery of its own and read like any other: its times are those that it
states, or else the time of its receipt. What the ledger records carries the present as `recorded_at`.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.consent import policy
from webapp.consent.keywords import RULE_VERSION, Decision, KeywordSet
from webapp.extensions import db
from webapp.whatsapp.inbound import dead_letters, effects, faults, stored
from webapp.whatsapp.inbound.dead_letters import NotOpen
from webapp.whatsapp.inbound.effects import PLATFORM_STOP, Outcome
from webapp.whatsapp.inbound.keeping import NOT_OURS, Business, made_of
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.payloads import Item, MalformedBody, Unread, parse
from webapp.whatsapp.webhook.reading import Malformed

log = logging.getLogger(__name__)

MOST_AT_ONCE = 200
"""Items that one request tries again; the rest waits for the next press."""
STOPS = (Decision.OPT_OUT, PLATFORM_STOP)
MAY_STOP = (Decision.OPT_OUT, Decision.REVIEW)


@dataclass(frozen=True)
class Tally:
    """What became of many; `left` were not tried yet."""

    applied: int
    failed: int
    left: int


def replay(
    message: InboundMessage,
    business: Business,
    words: KeywordSet | None,
    now: datetime,
    actor: str = "system",
) -> bool:
    """Apply a dead letter once more; whether that worked. The caller commits.

    A second failure keeps it with the new reason. Raises NotOpen when it is no dead letter any more.
    """
    dead_letters.claim(message)
    message.tried_at, message.tried_by = now, actor
    try:
        with db.session.begin_nested():
            _apply(message, business, words, now, actor)
    except (Malformed, MalformedBody) as problem:
        message.failure = str(problem)
    except Exception as problem:  # as at its receipt: whatever it is, it stays a dead letter
        if faults.out_of_reach(problem):
            raise
        message.failure = faults.sentence(problem)
        log.error("item %s could not be applied again: %s", message.id, faults.place(problem))
        faults.let_go(problem)
    return message.failure is None


def replay_all(business: Business, words: KeywordSet | None, now: datetime, actor: str) -> Tally:
    """Try what is open, in the order of arrival. The caller commits."""
    ids = select(InboundMessage.id).where(dead_letters.is_open(), InboundMessage.kind != "body")
    waiting = list(db.session.scalars(ids.order_by(InboundMessage.id)))
    applied = [_tried(each, business, words, now, actor) for each in waiting[:MOST_AT_ONCE]]
    return Tally(applied.count(True), applied.count(False), len(waiting[MOST_AT_ONCE:]))


def _tried(
    message_id: int, business: Business, words: KeywordSet | None, now: datetime, actor: str
) -> bool | None:
    """None when somebody else was faster."""
    try:
        return replay(db.session.get_one(InboundMessage, message_id), business, words, now, actor)
    except NotOpen:
        return None


def _apply(
    message: InboundMessage, business: Business, words: KeywordSet | None, now: datetime, actor: str
) -> None:
    items = items_of(message)
    outcomes = [_outcome(item, business, words, now) for item in items]
    for column, value in made_of(outcomes[-1], items[-1], words).items():
        setattr(message, column, value)
    message.failure, message.rule_version = None, RULE_VERSION
    if not _waits_for_the_switch(items, words):
        stopped = any(outcome.decision in STOPS for outcome in outcomes)
        dead_letters.release(message, stopped=stopped, actor=actor, now=now)


def _waits_for_the_switch(items: list[Item], words: KeywordSet | None) -> bool:
    """What may be a stop, and counts for nothing while the keywords are off, ends no pause: it may have come
    while they were on. It stays among the reviews."""
    if words is not None:
        return False
    known = policy.effective_words(policy.current())
    return any(stored.reading(item, known).decision in MAY_STOP for item in items)


def _outcome(item: Item, business: Business, words: KeywordSet | None, now: datetime) -> Outcome:
    if not business.owns(item):
        return Outcome(NOT_OURS)
    if isinstance(item, Unread) and item.malformed:
        raise Malformed(item.reason)
    return effects.apply(item, words, now)


def items_of(message: InboundMessage) -> list[Item]:
    """What the stored piece is read as, under the key that it came with. Raises Malformed."""
    if message.kind == "body":
        raise Malformed("a delivery that is not readable JSON cannot be tried again")
    items = parse(json.dumps(_delivery(message)).encode(), message.received_at)
    if not items:
        raise Malformed("nothing in it can be read")
    return [replace(items[0], key=message.key)] if len(items) == 1 else items


def _delivery(message: InboundMessage) -> dict[str, Any]:
    raw, around = json.loads(message.raw), dead_letters.around(message)
    if not message.field:
        return raw
    change = raw if _is_change(raw) else {"field": message.field, "value": _value(message, raw, around)}
    entry = {"id": around.get("account_id"), "time": around.get("time"), "changes": [change]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def _is_change(raw: dict[str, Any]) -> bool:
    return "field" in raw and "value" in raw


def _value(message: InboundMessage, raw: dict[str, Any], around: dict[str, Any]) -> dict[str, Any]:
    """The value of a change that holds this piece alone."""
    piece = raw["piece"] if list(raw) == ["piece"] else raw
    metadata = {
        "phone_number_id": message.phone_number_id,
        "display_phone_number": around.get("own_number"),
    }
    lists = _lists(message, raw, piece)
    return {"metadata": metadata, "contacts": around.get("contacts", []), **lists}


def _lists(message: InboundMessage, raw: dict[str, Any], piece: object) -> dict[str, Sequence[object]]:
    """The list of the value in which a piece of this shape stood."""
    if message.field in ("user_preferences", "user_id_update"):
        return {message.field: [piece]}
    if message.field == "history":
        return _history(raw, piece)
    is_status = message.kind == "status" or ("status" in raw and "type" not in raw)
    return {"statuses" if is_status else "messages": [piece]}


def _history(raw: dict[str, Any], piece: object) -> dict[str, Sequence[object]]:
    if "threads" in raw:
        return {"history": [piece]}
    return {"history": [{"threads": [piece]}]} if "messages" in raw else {"messages": [piece]}
