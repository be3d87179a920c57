"""A delivery comes in: every item is remembered once, applied, and kept raw whatever becomes of it.

One transaction holds the whole delivery, and the caller commits it before it answers: what was answered 200
is never delivered again (Meta, webhook overview). Each item stands in a savepoint of its own, so that one
which cannot be applied does not cost its neighbours.
"""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from webapp.consent import policy
from webapp.consent.keywords import RULE_VERSION, KeywordSet
from webapp.extensions import db
from webapp.whatsapp import dead_letters, effects, faults, missed
from webapp.whatsapp.effects import Outcome
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.payloads import Item, MalformedBody, Status, Unread, canonical, parse
from webapp.whatsapp.reading import Malformed

log = logging.getLogger(__name__)

NOT_OURS = "not_ours"


@dataclass(frozen=True)
class Business:
    """The number and the account that this desk serves; "" serves any."""

    phone_number_id: str = ""
    account_id: str = ""

    def owns(self, item: Item) -> bool:
        """An item that does not say where it came from is not of another number."""
        given = ((self.phone_number_id, item.phone_number_id), (self.account_id, item.account_id))
        return all(not ours or not named or ours == named for ours, named in given)


def receive(raw: bytes, business: Business, now: datetime) -> bool:
    """Take in one delivery whose signature was checked; whether anything in it was new. The caller commits,
    and rolls back on an error.

    Raises only when the database is out of reach: then nothing may be answered but "try again".
    """
    try:
        items = parse(raw, now)
    except MalformedBody as problem:
        return _keep_unreadable_body(raw, str(problem), now)
    words, new = policy.words_in_force(policy.current()), False
    for statuses, run in groupby(items, lambda item: isinstance(item, Status)):
        rest = list(run)
        if statuses and len(rest) > 1 and _take_together(rest, business, now):
            new = True
            continue
        for item in rest:
            if message := _remember(InboundMessage(**_columns(item, now))):
                _take(item, message, business, words)
                new = True
    return new


def _keep_unreadable_body(raw: bytes, why: str, now: datetime) -> bool:
    key = f"body:{hashlib.sha256(raw).hexdigest()}"
    kept = _remember(InboundMessage(key=key, kind="body", raw=raw, received_at=now, failure=why))
    return kept is not None


def _columns(item: Item, now: datetime) -> dict[str, Any]:
    return {
        "key": item.key,
        "kind": item.kind,
        "field": item.field,
        "phone_number_id": item.phone_number_id,
        "raw": canonical(item.raw),
        "received_at": now,
        "occurred_at": getattr(item, "occurred_at", None),
        "rule_version": RULE_VERSION,
    }


def _remember(message: InboundMessage) -> InboundMessage | None:
    """`message` on record; None for a repeat, also one that another request is storing in this moment."""
    try:
        with db.session.begin_nested():
            db.session.add(message)
    except IntegrityError:
        return None
    return message


def _take_together(statuses: list[Item], business: Business, now: datetime) -> bool:
    """Receipts come by the hundred, so they are applied and kept in a few statements.

    False when one is a repeat or cannot be applied: then nothing was done, and each is taken by itself.
    """
    try:
        with db.session.begin_nested():
            ours = [item for item in statuses if business.owns(item)]
            outcomes = dict(zip(map(id, ours), effects.apply_statuses(ours, now), strict=True))
            made = [made_of(outcomes.get(id(item), Outcome(NOT_OURS))) for item in statuses]
            rows = [_columns(item, now) | each for item, each in zip(statuses, made, strict=True)]
            db.session.connection().execute(insert(InboundMessage), rows)
    except Exception as problem:  # which of them it was shows when each is taken by itself
        if faults.out_of_reach(problem):
            raise
        return False
    return True


def _take(item: Item, message: InboundMessage, business: Business, words: KeywordSet | None) -> None:
    if not business.owns(item):
        message.decision = NOT_OURS
    elif isinstance(item, Unread) and item.malformed:
        dead_letters.bury(item, message, item.reason)
    elif why := _apply(item, message, words):
        # Only here: while the exception is alive it keeps customers who were rolled back with the savepoint.
        dead_letters.bury(item, message, why)


def _apply(item: Item, message: InboundMessage, words: KeywordSet | None) -> str:
    """Why it could not be applied; "" when it was."""
    try:
        with db.session.begin_nested():
            outcome = effects.apply(item, words, message.received_at)
    except Malformed as problem:
        return str(problem)
    except Exception as problem:  # whatever it is, the STOP beside this item must be stored
        if faults.out_of_reach(problem):
            raise
        log.error("item %s could not be applied: %s", message.id, faults.place(problem))
        return faults.sentence(problem)
    message.missed = missed.mark(item, words)
    for column, value in made_of(outcome).items():
        setattr(message, column, value)
    return ""


def made_of(outcome: Outcome) -> dict[str, Any]:
    """The columns that tell what was made of an item."""
    customer_id = outcome.customer.id if outcome.customer else None
    return {"decision": outcome.decision, "matched": outcome.matched, "customer_id": customer_id}
