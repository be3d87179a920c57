"""Erasing a person: what is personal goes for good. The record stays, empty, and so does the ledger, without
words. What is left of the addresses is a keyed hash that keeps the person off lists (see `suppressions`).

The caller commits, then folds SQLite's journal (`database.fold_journal`) and forgets the released files of
evidence (`consent.housekeeping.forget_released`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, delete, or_, select
from sqlalchemy.orm import Mapped, mapped_column

from webapp.consent import forgetting, ledger
from webapp.consent.ledger import Signal
from webapp.consent.rules import Source
from webapp.customers import duplicates, identities, merging, phones, search, search_index
from webapp.customers.addresses import Address
from webapp.customers.batch_changes import BatchChange
from webapp.customers.duplicates import PossibleDuplicate
from webapp.customers.erasure import log as erasure_log
from webapp.customers.erasure import suppression_key, suppressions
from webapp.customers.erasure.log import Entry
from webapp.customers.importing import leftovers
from webapp.customers.models import Customer, CustomerAttribute, Identity, IdentityKind
from webapp.customers.search import NUMBER_KINDS
from webapp.customers.tags import tags
from webapp.database import BigId, UtcDateTime
from webapp.extensions import db

REASONS = {
    "request": "The customer asked for it",
    "not_needed": "The data is no longer needed",
    "other": "Another reason",
}
"""Why, as a word for programs, and in words for people."""
SHORTEST_CLUE = 4
"""A name or number of fewer signs may stand in a reason by chance."""


class Erasure(db.Model):
    """One record that was erased: who did it, and why in their words."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"), index=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("consent_events.id", ondelete="RESTRICT"), unique=True)
    reason: Mapped[str] = mapped_column(String(30))
    why: Mapped[str] = mapped_column(Text, default="")
    actor: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class AlreadyErased(Exception):
    """Somebody erased this person in this moment."""


class OthersChanged(Exception):
    """Somebody is to be erased with this person who may not be the same person, or not any more."""


class TellingReason(ValueError):
    """The reason is kept, so it must not say who was erased."""

    def __init__(self) -> None:
        super().__init__("The reason is kept. Leave the name and the number of the customer out of it.")


@dataclass(frozen=True)
class Gone:
    """Who is being erased: the ids of their records, and the addresses and names by which they were known."""

    ids: list[int]
    addresses: list[Address]
    names: list[str] = field(default_factory=list)

    def told_in(self, text: str) -> bool:
        """Whether a name, a number or an ID of theirs stands in the text."""
        told, digits = search.fold(text), phones.digits(text)
        clues = {search.fold(name) for name in self.names} | {
            search.fold(place.value) for place in self.addresses if place.kind not in NUMBER_KINDS
        }
        found = {form for form in self._numbers if form in digits} | {clue for clue in clues if clue in told}
        return any(len(each) >= SHORTEST_CLUE for each in found)

    def found_by(self, query: str) -> bool:
        """Whether the search for these words found them."""
        numbers = list(self._numbers)
        words = [search.number_in(query)] if search.number_in(query) else search.fold(query).split()
        return any(
            all(word in search.searchable(name, numbers) for word in words) for name in self.names or [""]
        )

    @property
    def _numbers(self) -> set[str]:
        return {form for p in self.addresses if p.kind in NUMBER_KINDS for form in (p.value, p.match_key)}


@dataclass(frozen=True)
class Wish:
    """Why somebody is erased: a word of `REASONS`, the words of whoever does it, and who that is."""

    reason: str
    why: str
    actor: str
    now: datetime

    @property
    def source(self) -> Source:
        return Source.AGENT if self.actor.startswith("user:") else Source.SYSTEM


VEILED = "erased:"


def veiled(id: str) -> str:
    """What stands in the place of one of WhatsApp's message ids, which carry the number in base64."""
    return f"{VEILED}{ledger.external_id(id)}"


Erase = Callable[[Gone], None]
_erasers: list[Erase] = []


def erased_by(function: Erase) -> Erase:
    """Register how a room erases what it keeps of customers: `function(gone)`, in the same transaction.

    The records are empty by then; their evidence still stands.
    """
    _erasers.append(function)
    return function


def others(customer: Customer) -> list[Customer]:
    """Records that may be the same person's and are not merged: a person decides about each."""
    pairs = duplicates.of(customer)
    found = [*identities.alike(customer), *(each for pair in pairs for each in (pair.older, pair.newer))]
    return sorted({one.id: one for one in found if one.id != customer.id}.values(), key=lambda one: one.id)


def erase(customer: Customer, wish: Wish, *, also: Iterable[int] = ()) -> int:
    """Erase the person with all records that were merged into theirs, and those of `others` named in `also`;
    how many records.

    The line in the log of erasures is written here, before the commit: an erasure that is not committed is
    made by the replay. Raises AlreadyErased, OthersChanged, TellingReason, suppressions.WrongKey, OSError.
    """
    key = suppressions.begin_erasure()
    chosen = {one.id: one for one in others(customer)}
    if not set(also) <= chosen.keys():
        raise OthersChanged
    people = locked([customer.id, *also])
    if any(one.erased_at for one in people):
        raise AlreadyErased
    if any(one.merged_into_id not in (None, *(each.id for each in people)) for one in people):
        raise OthersChanged
    if _gone(people).told_in(wish.why):
        raise TellingReason
    hashes = erase_records(people, wish, key)
    created = tuple((one.id, one.created_at) for one in people)
    erasure_log.append(Entry(wish.now, created, tuple(hashes), suppression_key.fingerprint(key)))
    return len(people)


def sweep(now: datetime) -> int:
    """Erase what came to an empty record while it was being erased, by a message on the wire; how many."""
    late = (
        select(Identity.customer_id).where(Identity.customer_id.in_(select(Erasure.customer_id))).distinct()
    )
    ids = list(db.session.scalars(late.order_by(Identity.customer_id)))
    if ids:
        key = suppressions.begin_erasure()
    for id in ids:
        gone = _gone([db.session.get_one(Customer, id)])
        hashes = [suppression_key.hashed(key, place.match_key) for place in gone.addresses]
        db.session.execute(delete(Identity).where(Identity.customer_id == id))
        _elsewhere(gone, now)
        suppressions.add(hashes, id, now)
    return len(ids)


def locked(ids: Iterable[int]) -> list[Customer]:
    """These records and all that were merged into them, each once, in the order of their ids."""
    every = sorted({each for id in ids for each in merging.merged_ids(id)})
    people = [db.session.get_one(Customer, id) for id in every]
    for one in people:
        ledger.lock(one)
    return people


def _gone(people: list[Customer]) -> Gone:
    ids = [one.id for one in people]
    rows = db.session.scalars(select(Identity).where(Identity.customer_id.in_(ids)).order_by(Identity.id))
    places = [Address(IdentityKind(row.kind), row.value, row.match_key) for row in rows]
    return Gone(ids, places, [one.name for one in people if one.name])


def erase_records(people: list[Customer], wish: Wish, key: bytes) -> list[str]:
    """Erase these records, which are locked; the hashes of their addresses."""
    gone = _gone(people)
    for one in people:
        event = ledger.record_erasure(one, wish.reason, Signal(wish.source, wish.actor, wish.now))
        db.session.add(Erasure(customer_id=one.id, event_id=event.id, reason=wish.reason, why=wish.why,
                               actor=wish.actor, at=wish.now))  # fmt: skip
        _empty(one, wish.now)
    _elsewhere(gone, wish.now)
    hashes = sorted({suppression_key.hashed(key, place.match_key) for place in gone.addresses})
    suppressions.add(hashes, people[0].id, wish.now)
    return hashes


def _elsewhere(gone: Gone, now: datetime) -> None:
    """What is told of them beside their records."""
    for function in _erasers:
        function(gone)
    search_index.forget_deleted()
    forgetting.forget_all(gone.ids, now)
    leftovers.forget(gone.addresses)


def _empty(customer: Customer, now: datetime) -> None:
    """Leave the state of consent, which the ledger tells, and nothing that says who it was."""
    tags.set_tags(customer, [])
    for table in (CustomerAttribute, Identity, BatchChange):
        db.session.execute(delete(table).where(table.customer_id == customer.id))
    pair = or_(PossibleDuplicate.older_id == customer.id, PossibleDuplicate.newer_id == customer.id)
    db.session.execute(delete(PossibleDuplicate).where(pair))
    customer.name = customer.search = customer.phone_display = ""
    customer.attrs_json = {}
    customer.erased_at = now
    customer.version += 1
    db.session.flush()
    db.session.expire(customer, ["identities"])
