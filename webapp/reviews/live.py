"""The poll: what came in, what colleagues decided or noted, and a tag that says when nothing did."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from webapp.consent import holds
from webapp.consent.models import Hold
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.reviews.cards import MOST_CARDS, Card, cards_of, newer_cards

LATE = timedelta(seconds=10)
"""A decision may be committed so long after the time that it carries; those of this span are told again."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Seen:
    """What a page shows: its newest message, how many wait, the last decision and the last note."""

    newest: int = 0
    waiting: int = 0
    decided: int = 0
    noted: int = 0

    @classmethod
    def now(cls) -> "Seen":
        query = select(func.max(Hold.id), func.max(Hold.decided_at), func.max(Hold.noted_at))
        newest, decided_at, noted_at = db.session.execute(query).one()
        return cls(newest or 0, holds.open_count(), _number(decided_at), _number(noted_at))

    @classmethod
    def of(cls, tag: str) -> "Seen | None":
        """What a tag of ours says; None for any other."""
        parts = tag.split(".")
        usable = len(parts) == 4 and all(part.isascii() and part.isdigit() for part in parts)
        return cls(*(min(int(part[:18]), 2**52) for part in parts)) if usable else None

    @property
    def tag(self) -> str:
        return f"{self.newest}.{self.waiting}.{self.decided}.{self.noted}"


@dataclass(frozen=True)
class News:
    """What to tell an open page."""

    arrived: list[Card]
    noted: list[Card]
    decided: list[Hold]
    overruled: list[str]
    """Whom colleagues opted out although this person had said that it is no stop."""


def news(before: Seen, seen: Seen, actor: str, now: datetime) -> News:
    """Cards are added only where a page shows all that wait, so that their order stays true."""
    whole = seen.waiting <= MOST_CARDS
    return News(
        arrived=newer_cards(before.newest, seen.newest, now) if whole else [],
        noted=cards_of(_noted_since(_instant(before.noted) - LATE), now),
        decided=list(
            db.session.scalars(select(Hold).where(Hold.decided_at > _instant(before.decided) - LATE))
        ),
        overruled=_overruled(actor, _instant(before.decided)),
    )


def _noted_since(then: datetime) -> list[int]:
    return list(db.session.scalars(select(Hold.id).where(Hold.decided_at.is_(None), Hold.noted_at > then)))


def _overruled(actor: str, then: datetime) -> list[str]:
    query = (
        select(Customer)
        .join(Hold, Hold.customer_id == Customer.id)
        .where(Hold.overruled_by == actor, Hold.decided_by != actor, Hold.decided_at > then)
    )
    return [customer.label for customer in db.session.scalars(query)]


def _number(moment: datetime | None) -> int:
    return (moment - EPOCH) // MICROSECOND if moment else 0


def _instant(number: int) -> datetime:
    return EPOCH + number * MICROSECOND
