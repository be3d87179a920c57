"""The messages that wait for a decision, as the page shows them: each with what helps to decide."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select

from webapp.accounts.actors import actor_names
from webapp.campaigns import last_messages
from webapp.campaigns.last_messages import LastMessage
from webapp.consent import holds, languages
from webapp.consent.models import ConsentEvent, Evidence, Hold
from webapp.consent.rules import ReviewKind
from webapp.customers import wording
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.reviews.highlighting import Piece, pieces
from webapp.whatsapp import recent
from webapp.whatsapp.recent import Inbound, kind_in_words

MOST_CARDS = 50
"""Cards on one page; the next ones follow as these are decided."""
MOST_TOLD = 3
"""Entries of the history, and messages from before, on one card."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Happened:
    """One entry of the consent history, as a heading."""

    title: str
    at: datetime


@dataclass(frozen=True)
class Card:
    """One message. `why` completes a sentence that begins with "The message"."""

    id: int
    kind: str
    customer_id: int
    label: str
    words: list[Piece]
    medium: str
    """What it is when it has no words: "Voice note"."""
    why: str
    language: str
    occurred_at: datetime
    ends: str
    """When it becomes an opt-out by itself: "in 3 days"; "" when it does not."""
    note: str
    noted_by: str
    noted_at: datetime | None
    last_message: LastMessage | None
    history: list[Happened]
    before: list[Inbound]


def open_cards(upto: int, now: datetime) -> list[Card]:
    """What waits, the oldest first, up to the message `upto`; what somebody was not sure about comes last."""
    return _cards(_open().where(Hold.id <= upto).limit(MOST_CARDS), now)


def cards_of(review_ids: Collection[int], now: datetime) -> list[Card]:
    """Those of these that wait, in the same order."""
    return _cards(_open().where(Hold.id.in_(review_ids)), now) if review_ids else []


def newer_cards(than: int, upto: int, now: datetime) -> list[Card]:
    """What came in after the message `than`, up to the message `upto`."""
    return _cards(_open().where(Hold.id > than, Hold.id <= upto).limit(MOST_CARDS), now)


def _open() -> Select[tuple[Hold, Customer]]:
    return (
        select(Hold, Customer)
        .join(Customer, Customer.id == Hold.customer_id)
        .where(Hold.decided_at.is_(None))
        .order_by(Hold.noted_at.is_not(None), Hold.noted_at, Hold.id)
    )


def _cards(query: Select[tuple[Hold, Customer]], now: datetime) -> list[Card]:
    rows = db.session.execute(query).all()
    people = {customer.id for _, customer in rows}
    messages, said = last_messages.last_of(people), recent.last_of(people, MOST_TOLD + 1)
    told, names = _histories(people), actor_names(review.noted_by for review, _ in rows if review.noted_by)
    return [
        Card(
            id=review.id, kind=review.kind, customer_id=customer.id, label=customer.label,
            words=_pieces(review), medium=kind_in_words(review.matched), why=review.why,
            language=languages.guess(review.words) if review.kind == ReviewKind.HOLD else "",
            occurred_at=review.occurred_at, ends=_ends(review, now), note=review.note,
            noted_by=names.get(review.noted_by or "", ""), noted_at=review.noted_at,
            last_message=messages.get(customer.id), history=told[customer.id],
            before=_before(review, said.get(customer.id, [])),
        )
        for review, customer in rows
    ]  # fmt: skip


def _pieces(review: Hold) -> list[Piece]:
    return pieces(review.words, review.matched if review.kind == ReviewKind.HOLD else "")


def _ends(review: Hold, now: datetime) -> str:
    ends_at = holds.ends_at(review)
    if ends_at is None:
        return ""
    left = ends_at - now
    if left >= DAY:
        days = round(left / DAY)
        return f"in {days} day{'s' if days > 1 else ''}"
    return f"in {left // HOUR} h" if left >= HOUR else "within the hour"


def _before(review: Hold, said: list[Inbound]) -> list[Inbound]:
    """The other messages of the same person: this one stands on the card already."""
    others = [
        message for message in said if (message.words, message.at) != (review.words, review.occurred_at)
    ]
    return others[:MOST_TOLD]


def _histories(customer_ids: Collection[int]) -> dict[int, list[Happened]]:
    """The last entries of each customer's consent history, newest first."""
    newest = func.row_number().over(partition_by=ConsentEvent.customer_id, order_by=ConsentEvent.id.desc())
    ranked = (
        select(ConsentEvent.id, newest.label("place"))
        .where(ConsentEvent.customer_id.in_(customer_ids))
        .subquery()
    )
    query = (
        select(ConsentEvent, Evidence.channel)
        .join(ranked, ranked.c.id == ConsentEvent.id)
        .outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
        .where(ranked.c.place <= MOST_TOLD)
        .order_by(ConsentEvent.id.desc())
    )
    told: dict[int, list[Happened]] = defaultdict(list)
    for event, channel in db.session.execute(query):
        told[event.customer_id].append(Happened(wording.headline(event, channel or ""), event.occurred_at))
    return told
