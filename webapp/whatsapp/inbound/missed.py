"""Stops that were missed: texts that came while the keywords were switched off.

Each such text is marked when it comes. When the switch is on again the marks are sifted: what would have
opted somebody out, or held them, waits for one decision, and chatter loses its mark. "Honour" records what
the customers said, with their own words and time, as if it came late; so a later opt-in of theirs stands.
Nothing here commits.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from webapp.consent import batches, ledger, policy
from webapp.consent.batches import BatchKind
from webapp.consent.keywords import Decision, KeywordSet
from webapp.database import json_rows
from webapp.extensions import db
from webapp.whatsapp.inbound import dead_letters, effects, faults, stored
from webapp.whatsapp.inbound.stored import Spoken
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook import payloads
from webapp.whatsapp.webhook.payloads import Item

log = logging.getLogger(__name__)

LONGEST_REASON = 500
AT_ONCE = 500
"""Messages in one transaction."""


class Mark(StrEnum):
    """What a text that came while the keywords were off waits for."""

    OFF = "off"
    OPT_OUT = "opt_out"
    REVIEW = "review"
    OPT_IN = "opt_in"
    HONOURED = "honoured"
    """Decided; the worker is recording it."""


STOPS = (Mark.OPT_OUT, Mark.REVIEW)
LISTED = (*STOPS, Mark.OPT_IN)


class OthersMissed(Exception):
    """There are more, or others, than somebody decided about."""


@dataclass(frozen=True)
class Waiting:
    """Missed stops without a decision: messages by what they would have done, and the people behind them."""

    opt_outs: int
    opted_out_customers: int
    reviews: int
    unread: int = 0
    """Texts that nobody has sifted yet."""

    @property
    def stops(self) -> int:
        return self.opt_outs + self.reviews


def mark(item: Item, words: KeywordSet | None) -> str | None:
    """The mark of an item that comes now."""
    texts = isinstance(item, payloads.Words | payloads.Passive)
    return Mark.OFF if words is None and texts else None


def waiting() -> Waiting:
    """What waits; cheap, as marks have an index of their own."""
    return waiting_from(db.session.scalar(select(waiting_column())))


def waiting_column() -> ColumnElement[Any]:
    """For `waiting_from`, a column of another statement."""
    return json_rows(
        select(InboundMessage.missed, func.count(), func.count(InboundMessage.customer_id.distinct()))
        .where(_marked(Mark.OFF, *STOPS))
        .group_by(InboundMessage.missed)
    )


def waiting_from(rows: Any) -> Waiting:
    """What a `waiting_column` gave."""
    found = {name: (messages, people) for name, messages, people in rows}
    opt_outs, people = found.get(Mark.OPT_OUT, (0, 0))
    return Waiting(opt_outs, people, found.get(Mark.REVIEW, (0, 0))[0], found.get(Mark.OFF, (0, 0))[0])


def sift(most: int = AT_ONCE, before: datetime | None = None) -> int:
    """Read the marked texts with the words as they are, the oldest first; how many were read.

    `before` limits it to texts that came before.
    """
    query = select(InboundMessage).where(_marked(Mark.OFF)).order_by(InboundMessage.id).limit(most)
    if before:
        query = query.where(InboundMessage.received_at < before)
    rows = list(db.session.scalars(query))
    words = policy.effective_words(policy.current())
    for message in rows:
        _sift(message, words)
    db.session.flush()
    _forget_opt_ins_alone()
    return len(rows)


def _sift(message: InboundMessage, words: KeywordSet) -> None:
    item = stored.spoken(message)
    reading = stored.reading(item, words) if item else None
    if reading is None or reading.decision is Decision.NONE:
        message.missed = None
    else:
        message.missed, message.matched = Mark(reading.decision), payloads.clean(reading.matched)


def _forget_opt_ins_alone() -> None:
    """An opt-in word matters only to know whether a missed stop was taken back."""
    if not db.session.scalar(select(InboundMessage.id).where(_marked(Mark.OFF, *STOPS)).limit(1)):
        _move((Mark.OPT_IN,), None)


def listed(most: int) -> list[InboundMessage]:
    """The missed stops, the newest first."""
    query = select(InboundMessage).where(_marked(*STOPS)).order_by(InboundMessage.id.desc()).limit(most)
    return list(db.session.scalars(query))


def honour(*, actor: str, now: datetime) -> Waiting:
    """Decide that every listed stop counts, and log it; `record_some` then does it."""
    found = waiting()
    if found.stops:
        _log(found, {"decision": "honoured"}, actor, now)
        batches.open_batch(BatchKind.MISSED_STOPS, f"{found.stops:,} missed", actor=actor, now=now)
        _move(LISTED, Mark.HONOURED)
    return found


def leave(reason: str, *, listed: int | None, actor: str, now: datetime) -> Waiting:
    """Decide that none of them counts, for a reason that stays in the policy log.

    Raises OthersMissed when they are not those `listed` when somebody decided: one that nobody has looked at
    must not go with the others.
    """
    found = waiting()
    if found.stops:
        _log(found, {"decision": "left", "reason": reason}, actor, now)
        if _move(STOPS, None) != listed:
            raise OthersMissed
        _move((Mark.OPT_IN,), None)
    return found


def record_some(now: datetime, most: int = AT_ONCE) -> int:
    """Record the next of the honoured messages, in the order in which they were written; how many.

    The message's key makes it unique in the ledger, so a repeat changes nothing.
    """
    query = (
        select(InboundMessage)
        .where(_marked(Mark.HONOURED))
        .order_by(InboundMessage.occurred_at, InboundMessage.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    rows = list(db.session.scalars(query))
    words = policy.effective_words(policy.current())
    batch = batches.newest(BatchKind.MISSED_STOPS) if rows else None
    with ledger.in_batch(batch.id if batch else None):
        for message in rows:
            _record(message, words, now)
    db.session.flush()
    return len(rows)


def _record(message: InboundMessage, words: KeywordSet, now: datetime) -> None:
    """One message that cannot be recorded becomes a dead letter and costs the others nothing."""
    message.missed = None
    item = stored.spoken(message)
    if item is None:
        return
    if why := _fault(item, message, _at_least(words, message), now):
        # Only here, as at the receipt of a message: the exception is gone, and what it kept.
        dead_letters.bury(item, message, why)


def _fault(item: Spoken, message: InboundMessage, words: KeywordSet, now: datetime) -> str:
    """Apply the item. Why it could not be applied; "" when it was."""
    try:
        with db.session.begin_nested():
            outcome = effects.apply(item, words, now)
    except Exception as problem:  # whatever it is, the stops beside this one must be recorded
        if faults.out_of_reach(problem):
            raise
        log.error("missed stop %s could not be honoured: %s", message.id, faults.place(problem))
        faults.let_go(problem)
        return faults.sentence(problem)
    message.decision = outcome.decision
    message.customer_id = outcome.customer.id if outcome.customer else message.customer_id
    return ""


def _at_least(words: KeywordSet, message: InboundMessage) -> KeywordSet:
    """The words now and the one by which the stop was listed: taking it away meanwhile does not undo that."""
    if not message.matched or message.matched in (*words.opt_out, *words.opt_in):
        return words
    return KeywordSet((*words.opt_out, message.matched), words.opt_in)


def _move(marks: tuple[Mark, ...], to: Mark | None) -> int:
    """How many had one of these marks."""
    moved = db.session.execute(update(InboundMessage).where(_marked(*marks)).values(missed=to))
    db.session.expire_all()
    return moved.rowcount


def _log(found: Waiting, decision: dict[str, str], actor: str, now: datetime) -> None:
    before = {
        "opt_outs": found.opt_outs, "customers": found.opted_out_customers, "reviews": found.reviews,
    }  # fmt: skip
    ledger.record_policy({"missed_stops": before}, {"missed_stops": decision}, actor=actor, now=now)


def _marked(*marks: Mark) -> ColumnElement[bool]:
    return InboundMessage.missed.is_not(None) & InboundMessage.missed.in_(marks)
