"""Neighbours in a delivery, and in those beside it, are taken together: receipts and messages come by the
hundred after a campaign.

Whatever is not for many at once, or holds one that cannot be applied, is halved down to the one to blame, and
that one takes the way of a single item. Then nothing of the run was done before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby, zip_longest
from typing import Any

from sqlalchemy import insert, select

from webapp.consent.keywords import KeywordSet
from webapp.consent.ledger import external_id
from webapp.consent.together import together
from webapp.customers.erasure.erasing import veiled
from webapp.extensions import db
from webapp.whatsapp.inbound import effects, faults, gathering
from webapp.whatsapp.inbound.effects import Outcome
from webapp.whatsapp.inbound.gathering import Crowd, NotTogether
from webapp.whatsapp.inbound.keeping import NOT_OURS, Business, columns, made_of
from webapp.whatsapp.inbound.senders import gathered
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.payloads import (
    Button,
    Item,
    Passive,
    Preference,
    Reaction,
    Status,
    Wordless,
    Words,
)

FROM_PEOPLE = (Words, Button, Reaction, Passive, Wordless, Preference)
"""What somebody said or did."""


MOST_TOGETHER = 8_000
"""Items of a run. Their ids stand up to three times in one statement, and no more parameters than 65,535
(psycopg) or 32,766 (SQLite) may: a delivery of more could never be stored, however often it came."""

Way = type[Item] | None


def way_of(item: Item) -> Way:
    """Neighbours of one way are taken together; None stands for what goes alone."""
    return Status if isinstance(item, Status) else Item if isinstance(item, FROM_PEOPLE) else None


IN_TURN: tuple[Way, ...] = (Item, Status, None)
"""What people said comes first: a receipt may be marked for a STOP, but no STOP for a receipt."""


def merged(deliveries: Iterable[Sequence[Item]]) -> Iterator[tuple[Way, list[Item]]]:
    """The runs of deliveries that came at the same time: the first of each together, then the second.

    The items of one delivery keep their order; between deliveries of one moment there is none.
    """
    parted = [[(way, list(run)) for way, run in groupby(items, way_of)] for items in deliveries]
    for level in zip_longest(*parted):
        runs = [run for run in level if run]
        for way in IN_TURN:
            if together := [item for each, run in runs if each is way for item in run]:
                yield way, together


def take(
    items: list[Item],
    business: Business,
    words: KeywordSet | None,
    now: datetime,
    *,
    singly: Callable[[Item], bool],
) -> bool:
    """Take a run of one way; whether anything in it was new. `singly` takes one item and says the same."""
    taken = _taken(items, business, words, now) if len(items) <= MOST_TOGETHER else None
    if taken is not None:
        return taken
    if len(items) == 1:
        return singly(items[0])
    half = len(items) // 2
    first = take(items[:half], business, words, now, singly=singly)
    second = take(items[half:], business, words, now, singly=singly)
    return first or second


def _taken(items: list[Item], business: Business, words: KeywordSet | None, now: datetime) -> bool | None:
    """None when one of them cannot be applied, or is not for many at once."""
    receipts = way_of(items[0]) is Status
    try:
        with db.session.begin_nested():
            fresh = not_on_record(items)
            outcomes = _receipts(fresh, business, now) if receipts else _said(fresh, business, words, now)
            _keep(fresh, outcomes, words, now)
    except NotTogether:
        return None
    except Exception as problem:  # which of them it was shows when the run is halved
        if faults.out_of_reach(problem):
            raise
        faults.let_go(problem)
        return None
    return bool(fresh)


def _receipts(items: list[Item], business: Business, now: datetime) -> list[Outcome]:
    ours = [item for item in items if business.owns(item)]
    outcomes = dict(zip((item.key for item in ours), effects.apply_statuses(ours, now), strict=True))
    return [outcomes.get(item.key, Outcome(NOT_OURS)) for item in items]


def _said(items: list[Item], business: Business, words: KeywordSet | None, now: datetime) -> list[Outcome]:
    ours = [item for item in items if business.owns(item)]
    crowd = gathering.gather([(item.person, not isinstance(item, Passive)) for item in ours], now)
    with _writing_together(crowd, ours):
        return [
            effects.apply(item, words, now) if business.owns(item) else Outcome(NOT_OURS) for item in items
        ]


def _keep(items: list[Item], outcomes: list[Outcome], words: KeywordSet | None, now: datetime) -> None:
    rows: list[dict[str, Any]] = [
        columns(item, now) | made_of(outcome, item, words)
        for item, outcome in zip(items, outcomes, strict=True)
        if not outcome.erased
    ]
    if rows:
        db.session.connection().execute(insert(InboundMessage), rows)


@contextmanager
def _writing_together(crowd: Crowd, items: list[Item]) -> Iterator[None]:
    with gathered(crowd.people), together([*crowd.customers], [str(external_id(item.key)) for item in items]):
        yield


def not_on_record(items: list[Item]) -> list[Item]:
    """Those that did not come before, each once; also not before their writer was erased."""
    fresh = {item.key: item for item in reversed(items)}
    known_as = {key: key for key in fresh} | {veiled(key): key for key in fresh}
    for known in db.session.scalars(select(InboundMessage.key).where(InboundMessage.key.in_(known_as))):
        fresh.pop(known_as[known], None)
    return [item for item in items if fresh.get(item.key) is item]
