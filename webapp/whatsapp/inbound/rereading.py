"""What other keywords would have made of the messages that came: read again, never applied.

Reads in short transactions from the newest message backwards: nothing is locked, and memory stays flat.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from webapp.consent.keywords import Decision, KeywordSet, Reading
from webapp.extensions import db
from webapp.whatsapp.inbound import stored
from webapp.whatsapp.inbound.stored import Spoken
from webapp.whatsapp.models import InboundMessage

BACK = timedelta(days=90)
MOST_MESSAGES = 100_000
IDS_AT_ONCE = 2_000
"""Rows that one query looks at, messages or not."""
MOST_KNOWN = 10_000
NOT_SPOKEN = ("status", "user_preferences", "unread", "body")


@dataclass(frozen=True)
class Rules:
    """The words in force, None while the switch is off, and the changed ones."""

    today: KeywordSet | None
    changed: KeywordSet | None


@dataclass(frozen=True)
class Change:
    """A message that the changed words decide otherwise."""

    id: int
    customer_id: int | None
    text: str
    at: datetime
    today: Reading
    changed: Reading

    @property
    def missed_today(self) -> bool:
        """Whether nothing comes of it now, although the changed words see a stop in it."""
        return self.today.decision is Decision.NONE and self.changed.decision in (
            Decision.OPT_OUT, Decision.REVIEW,
        )  # fmt: skip


@dataclass
class Progress:
    """How far a replay got: `reached` is the id below which nothing was read, None at the end."""

    checked: int = 0
    reached: int | None = None
    oldest: datetime | None = None


def changes(
    rules: Rules, now: datetime, progress: Progress, *, before: int | None = None,
    seconds: float | None = None, most: int = MOST_MESSAGES,
) -> Iterator[Change]:  # fmt: skip
    """The messages below the id `before` that would be decided otherwise, the newest first.

    Ends after `most` messages or so many `seconds`; `progress` then says where to go on.
    """
    until = None if seconds is None else time.monotonic() + seconds
    lowest, highest = _ids(now)
    progress.reached = highest + 1 if before is None else min(before, highest + 1)
    compare = _Comparison(rules)
    while progress.reached and progress.reached > lowest:
        if progress.checked >= most or (until is not None and time.monotonic() > until):
            return
        floor = max(lowest, progress.reached - IDS_AT_ONCE)
        yield from _window(floor, progress, compare)
        progress.reached = floor
    progress.reached = None


def _ids(now: datetime) -> tuple[int, int]:
    oldest = select(InboundMessage.id).where(InboundMessage.received_at >= now - BACK)
    lowest = db.session.scalar(oldest.order_by(InboundMessage.received_at).limit(1))
    return lowest or 1, db.session.scalar(select(func.max(InboundMessage.id))) or 0


def _window(floor: int, progress: Progress, compare: "_Comparison") -> Iterator[Change]:
    rows = db.session.scalars(
        select(InboundMessage)
        .where(InboundMessage.id >= floor, InboundMessage.id < progress.reached)
        .where(InboundMessage.kind.not_in(NOT_SPOKEN), InboundMessage.failure.is_(None))
        .where(InboundMessage.decision != "not_ours")
        .order_by(InboundMessage.id.desc())
    ).all()
    found = [_change(message, progress, compare) for message in rows]
    db.session.rollback()
    yield from filter(None, found)


def _change(message: InboundMessage, progress: Progress, compare: "_Comparison") -> Change | None:
    item = stored.spoken(message)
    if item is None:
        return None
    progress.checked, progress.oldest = progress.checked + 1, message.received_at
    today, changed = compare(item)
    if today.decision == changed.decision:
        return None
    at = message.occurred_at or message.received_at
    return Change(message.id, message.customer_id, stored.text_of(item), at, today, changed)


class _Comparison:
    """Both readings of a message; what many people write is read once."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._known: dict[tuple[object, ...], tuple[Reading, Reading]] = {}

    def __call__(self, item: Spoken) -> tuple[Reading, Reading]:
        marks = getattr(item, "machine_id", None), getattr(item, "forwarded", False)
        key = (type(item), stored.text_of(item), *marks)
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known[key] = (
                stored.reading(item, self._rules.today), stored.reading(item, self._rules.changed),
            )  # fmt: skip
        return self._known[key]
