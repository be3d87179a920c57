"""Suppressions: what is left of who was erased, so that no list brings them back.

Of each address only a keyed hash is kept. It stands until the person opts in again. Nothing here commits.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Select, String, select, text, update
from sqlalchemy.orm import Mapped, mapped_column

from webapp.consent import ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentState
from webapp.consent.rules import Source, Status
from webapp.customers import newcomers
from webapp.customers.addresses import Address
from webapp.customers.erasure import suppression_key
from webapp.customers.erasure.suppression_key import WrongKey
from webapp.customers.models import Customer
from webapp.customers.wording import ERASED
from webapp.database import UtcDateTime
from webapp.extensions import db

__all__ = ["WrongKey"]
CHUNK = 2000
"""Hashes in one statement."""
DOOR = 0x48656564
"""PostgreSQL's advisory lock that those share who put people on record, and that an erasure has alone."""
CAME_BACK = "This person was erased before and wrote in again"


class PersonErased(Exception):
    """Somebody with this address was erased; `customer_id` is the empty record that is left."""

    def __init__(self, customer_id: int) -> None:
        super().__init__(
            "This person was erased and must not be put on record again. They can write to you on WhatsApp; "
            "their own opt-in opens the record."
        )
        self.customer_id = customer_id


class Suppression(db.Model):
    """One address of an erased person, as a keyed hash of its match key."""

    __tablename__ = "suppressions"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id", ondelete="RESTRICT"), index=True)
    """The record that is left of the erased person, latest."""
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the person opted in again."""


class SuppressionKey(db.Model):
    """By which key the hashes were made: one row from the first erasure on."""

    __tablename__ = "suppression_key"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fingerprint: Mapped[str] = mapped_column(String(32))

    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)


def standing(places: Iterable[Address]) -> dict[str, int]:
    """The record left of each erased person, by the match keys among these addresses. Raises WrongKey."""
    wanted = sorted({place.match_key for place in places})
    try:
        return _standing(wanted)
    except WrongKey:
        # The first erasure of all may have made the key after it was looked for, and committed before its
        # fingerprint was.
        return _standing(wanted)


def _standing(wanted: list[str]) -> dict[str, int]:
    key = suppression_key.read()
    hashes = {suppression_key.hashed(key, match_key): match_key for match_key in wanted} if key else {}
    found: dict[str, int] = {}
    for some in _portions(list(hashes)):
        for row in db.session.execute(_with_fingerprint(some)):
            if key is None or row.fingerprint != suppression_key.fingerprint(key):
                raise WrongKey
            found |= {hashes[row.hash]: row.customer_id} if row.hash else {}
    return found


def checked(places: Iterable[Address]) -> dict[str, int]:
    """`standing` for who puts people on record: until the commit nobody is erased besides, and nobody else
    comes on record (see `newcomers`)."""
    _at_the_door("pg_advisory_xact_lock_shared")
    newcomers.are_named()
    return standing(places)


def demand_nobody_erased(places: Iterable[Address]) -> None:
    """Raises PersonErased, and WrongKey when nobody can tell."""
    for customer_id in checked(places).values():
        raise PersonErased(customer_id)


def begin_erasure() -> bytes:
    """Nobody is put on record until the commit. The key; its fingerprint is kept. Raises WrongKey."""
    _at_the_door("pg_advisory_xact_lock")
    key = suppression_key.read_or_create()
    known = db.session.get(SuppressionKey, 1)
    if known is None:
        db.session.add(SuppressionKey(id=1, fingerprint=suppression_key.fingerprint(key)))
        db.session.flush()
    elif known.fingerprint != suppression_key.fingerprint(key):
        raise WrongKey
    return key


def add(hashes: Iterable[str], customer_id: int, now: datetime) -> None:
    """Suppress these addresses of an erased person, again where that was lifted."""
    for each in sorted(set(hashes)):
        row = db.session.get(Suppression, each) or Suppression(hash=each)
        row.customer_id, row.erased_at, row.lifted_at = customer_id, now, None
        db.session.add(row)
    db.session.flush()


def standing_if_told(places: Iterable[Address]) -> dict[str, int]:
    """`standing`; nobody where the key is not what it was. What somebody writes must be taken in, and the
    status page tells of the key."""
    try:
        return standing(places)
    except WrongKey:
        return {}


def receive(customer: Customer, places: Iterable[Address], now: datetime) -> None:
    """Somebody came on record with these addresses by WhatsApp. Who was erased before is opted out, since the
    erasure."""
    for customer_id in standing_if_told(places).values():
        erased_at = db.session.get_one(Customer, customer_id).erased_at
        ledger.record(customer, Statement(
            Status.OPTED_OUT, Source.SYSTEM, "system", now, stated_at=erased_at, reason=ERASED,
            proof=Proof(words=CAME_BACK),
        ))  # fmt: skip


@ledger.on_return
def lift(customer: ConsentState, now: datetime) -> None:
    """Who was opted out and opts in may be put on lists again."""
    try:
        key = suppression_key.read()
    except WrongKey:
        return  # their own opt-in counts all the same
    person = db.session.get_one(Customer, customer.id)
    if key is not None:
        hashes = [suppression_key.hashed(key, identity.match_key) for identity in person.identities]
        theirs = Suppression.hash.in_(hashes), Suppression.lifted_at.is_(None)
        db.session.execute(update(Suppression).where(*theirs).values(lifted_at=now))


def _with_fingerprint(hashes: list[str]) -> Select[tuple[str, str, int]]:
    """The fingerprint alone where none of the hashes is known; no row at all before the first erasure."""
    theirs = Suppression.hash.in_(hashes) & Suppression.lifted_at.is_(None)
    return select(SuppressionKey.fingerprint, Suppression.hash, Suppression.customer_id).outerjoin_from(
        SuppressionKey, Suppression, theirs
    )


def _portions(hashes: list[str]) -> Iterator[list[str]]:
    """One at least, for the fingerprint."""
    return (hashes[start : start + CHUNK] for start in range(0, max(len(hashes), 1), CHUNK))


def _at_the_door(lock: str) -> None:
    """SQLite's one writer is alone anyway."""
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text(f"SELECT {lock}({DOOR})"))
