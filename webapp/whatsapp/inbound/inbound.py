"""Deliveries come in: every item is remembered once, applied, and kept raw whatever becomes of it.

One transaction holds whole deliveries, and the caller commits it before it answers: what was answered 200
is never delivered again (Meta, webhook overview). Each item, or run of items, stands in a savepoint of its
own, so that one which cannot be applied does not cost its neighbours.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.exc import IntegrityError

from webapp.consent import policy
from webapp.consent.keywords import KeywordSet
from webapp.extensions import db
from webapp.whatsapp.inbound import dead_letters, effects, faults, runs
from webapp.whatsapp.inbound.keeping import NOT_OURS, Business, columns, made_of
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.payloads import Item, MalformedBody, Unread, parse
from webapp.whatsapp.webhook.reading import Malformed

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Received:
    """Whether anything that came was new, and whether a change of consent in it is to be confirmed."""

    new: bool
    confirmed: bool


def receive(raws: Sequence[bytes], business: Business, now: datetime) -> Received:
    """Take in deliveries whose signatures were checked. The caller commits, and rolls back on an error.

    Raises only when the database is out of reach: then nothing may be answered but "try again".
    """
    deliveries, new = [], False
    for raw in raws:
        try:
            deliveries.append(parse(raw, now))
        except MalformedBody as problem:
            new = _keep_unreadable_body(raw, str(problem), now) or new
    settings = policy.current()
    words = policy.words_in_force(settings)
    singly = partial(_take_singly, business=business, words=words, now=now)
    for way, run in runs.merged(deliveries):
        if way is None:
            taken = [singly(item) for item in run]
        else:
            taken = [runs.take(run, business, words, now, singly=singly)]
        new = any(taken) or new
    return Received(new, confirmed=new and settings.confirm_since is not None)


def _keep_unreadable_body(raw: bytes, why: str, now: datetime) -> bool:
    key = f"body:{hashlib.sha256(raw).hexdigest()}"
    return _remembered(InboundMessage(key=key, kind="body", raw=raw, received_at=now, failure=why))


def _remembered(message: InboundMessage) -> bool:
    """Whether it is on record now; not for a repeat, also one that another request stores in this moment."""
    try:
        with db.session.begin_nested():
            db.session.add(message)
    except IntegrityError:
        return False
    return True


def _take_singly(item: Item, *, business: Business, words: KeywordSet | None, now: datetime) -> bool:
    message = InboundMessage(**columns(item, now))
    if not runs.not_on_record([item]) or not _remembered(message):
        return False
    if not business.owns(item):
        message.decision = NOT_OURS
    elif isinstance(item, Unread) and item.malformed:
        dead_letters.bury(item, message, item.reason)
    elif why := _fault(item, message, words):
        # Only here: while the exception is alive it keeps customers who were rolled back with the savepoint.
        dead_letters.bury(item, message, why)
    return True


def _fault(item: Item, message: InboundMessage, words: KeywordSet | None) -> str:
    """Apply the item. Why it could not be applied; "" when it was."""
    try:
        with db.session.begin_nested():
            outcome = effects.apply(item, words, message.received_at)
    except Malformed as problem:
        return str(problem)
    except Exception as problem:  # whatever it is, the STOP beside this item must be stored
        if faults.out_of_reach(problem):
            raise
        log.error("item %s could not be applied: %s", message.id, faults.place(problem))
        faults.let_go(problem)
        return faults.sentence(problem)
    if outcome.erased:
        db.session.delete(message)
        return ""
    for column, value in made_of(outcome, item, words).items():
        setattr(message, column, value)
    return ""
