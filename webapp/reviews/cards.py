"""The messages that wait for a decision, as the page shows them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from webapp.consent.models import Hold
from webapp.customers.models import Customer
from webapp.extensions import db

MOST_CARDS = 50
"""Cards on one page; the next ones follow as these are decided."""


@dataclass(frozen=True)
class Card:
    """One message. `why` completes a sentence that begins with "The message"."""

    id: int
    customer_id: int
    label: str
    words: str
    why: str
    occurred_at: datetime


def open_cards() -> list[Card]:
    """What waits, the oldest first."""
    rows = db.session.execute(_open().order_by(Hold.id).limit(MOST_CARDS))
    return [_card(review, customer) for review, customer in rows]


def card_of(review: Hold) -> Card:
    return _card(review, db.session.get_one(Customer, review.customer_id))


def _open() -> Select[tuple[Hold, Customer]]:
    return (
        select(Hold, Customer)
        .join(Customer, Customer.id == Hold.customer_id)
        .where(Hold.decided_at.is_(None))
    )


def _card(review: Hold, customer: Customer) -> Card:
    return Card(review.id, customer.id, customer.label, review.words, review.why, review.occurred_at)
