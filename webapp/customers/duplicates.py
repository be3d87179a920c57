"""Customers who may be one person, until somebody merges them or says that they are two.

The caller commits.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    String,
    Text,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.orm import Mapped, aliased, mapped_column

from webapp.customers.models import Customer, Identity
from webapp.customers.search import NUMBER_KINDS, is_number
from webapp.database import UtcDateTime
from webapp.extensions import db

SAME_NUMBER = "Both have the same number in two writings."
MOST_SHOWN = 200


class PossibleDuplicate(db.Model):
    """Two customers whom WhatsApp showed as one, or of whom somebody said that they are two."""

    __tablename__ = "possible_duplicates"

    older_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True)
    newer_id: Mapped[int] = mapped_column(
        ForeignKey("customers.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    why: Mapped[str] = mapped_column(Text)
    """A sentence for people."""
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dismissed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dismissed_by: Mapped[str | None] = mapped_column(String(40))
    """Who said that they are two people."""

    __table_args__ = (CheckConstraint("older_id < newer_id", name="order"),)


@dataclass(frozen=True)
class Pair:
    older: Customer
    newer: Customer
    why: str


def note(one: Customer, other: Customer, why: str, now: datetime) -> bool:
    """Remember that these may be one; False for a pair that is known, also as two people."""
    older, newer = sorted((one.id, other.id))
    if older == newer or db.session.get(PossibleDuplicate, (older, newer)):
        return False
    db.session.add(PossibleDuplicate(older_id=older, newer_id=newer, why=why, seen_at=now))
    db.session.flush()
    return True


def dismiss(one: Customer, other: Customer, *, actor: str, now: datetime) -> None:
    """Somebody says that they are two people; they are not shown again. A stop by one still counts for both
    where they share a number."""
    note(one, other, SAME_NUMBER, now)
    pair = db.session.get_one(PossibleDuplicate, tuple(sorted((one.id, other.id))))
    pair.dismissed_at, pair.dismissed_by = now, actor


def pairs() -> list[Pair]:
    """The pairs that wait for somebody, the newest first."""
    return _pairs({**_of_one_number(), **_noted()})


def of(customer: Customer) -> list[Pair]:
    """Those of one customer."""
    keys = [identity.match_key for identity in customer.identities if identity.kind in NUMBER_KINDS]
    mine = or_(PossibleDuplicate.older_id == customer.id, PossibleDuplicate.newer_id == customer.id)
    return _pairs({**_of_one_number(Identity.match_key.in_(keys)), **_noted(mine)})


def _pairs(found: dict[tuple[int, int], str]) -> list[Pair]:
    wanted = sorted(found, key=lambda pair: (pair[1], pair[0]), reverse=True)[:MOST_SHOWN]
    ids = {id for pair in wanted for id in pair}
    people = {one.id: one for one in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    return [Pair(people[older], people[newer], found[older, newer]) for older, newer in wanted]


def _noted(*where: ColumnElement[bool]) -> dict[tuple[int, int], str]:
    older, newer = aliased(Customer), aliased(Customer)
    query = (
        select(PossibleDuplicate)
        .join(older, older.id == PossibleDuplicate.older_id)
        .join(newer, newer.id == PossibleDuplicate.newer_id)
        .where(PossibleDuplicate.dismissed_at.is_(None), *_present(older), *_present(newer), *where)
        .order_by(PossibleDuplicate.seen_at.desc())
        .limit(MOST_SHOWN)
    )
    return {(row.older_id, row.newer_id): row.why for row in db.session.scalars(query)}


def _of_one_number(*where: ColumnElement[bool]) -> dict[tuple[int, int], str]:
    """Who share a number in one of its variants (Brazil's ninth digit, Mexico's and Argentina's)."""
    shared = (
        select(Identity.match_key)
        .where(is_number(Identity), *where)
        .group_by(Identity.match_key)
        .having(func.min(Identity.customer_id) < func.max(Identity.customer_id))
        .limit(MOST_SHOWN)
        .subquery()
    )
    older, newer = aliased(Identity), aliased(Identity)
    dismissed = exists().where(
        PossibleDuplicate.older_id == older.customer_id, PossibleDuplicate.newer_id == newer.customer_id,
        PossibleDuplicate.dismissed_at.is_not(None),
    )  # fmt: skip
    query = (
        select(older.customer_id, newer.customer_id)
        .select_from(shared)
        .join(older, and_(older.match_key == shared.c.match_key, is_number(older)))
        .join(newer, and_(newer.match_key == shared.c.match_key, is_number(newer)))
        .where(older.customer_id < newer.customer_id, ~dismissed)
        .distinct()
        .limit(MOST_SHOWN)
    )
    return dict.fromkeys(db.session.execute(query), SAME_NUMBER)


def _present(customer: type[Customer]) -> tuple[ColumnElement[bool], ...]:
    return customer.merged_into_id.is_(None), customer.erased_at.is_(None)
