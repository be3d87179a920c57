"""The people that a campaign names by their numbers: found, or created with no record."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from webapp.api.problems import Problem, unfit
from webapp.customers import identities
from webapp.customers.addresses import Address, MalformedId, address
from webapp.customers.models import Identity, IdentityKind
from webapp.customers.phones import MalformedPhone
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db

FIELD = "audience.phones"
MOST_PHONES = 20_000
CHUNK = 500
"""Numbers between two commits, so that SQLite's write lock is free for others in between."""
SOURCE = "api"


def read(given: Any) -> list[Address]:
    """All are looked at before anything is written. Raises Problem 422, which names those that do not fit."""
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_PHONES:
        raise unfit(FIELD, f"This must be a list of 1 to {MOST_PHONES:,} phone numbers.")
    faults: dict[str, str] = {}
    found: list[Address] = []
    for number, raw in enumerate(given):
        try:
            found.append(_phone(raw))
        except (MalformedPhone, MalformedId) as fault:
            faults[f"{FIELD}[{number}]"] = str(fault)
    if faults:
        raise Problem(422, faults=faults)
    return found


def customers(places: Sequence[Address], now: datetime) -> list[int]:
    """The ids of the customers with these numbers, each once. Commits from time to time."""
    found: dict[int, None] = {}
    for start in range(0, len(places), CHUNK):
        chunk = {place.match_key: place for place in places[start : start + CHUNK]}
        known = _holders(chunk)
        for key, place in chunk.items():
            found[known.get(key) or _created(place, now)] = None
        db.session.commit()
    return list(found)


def _phone(raw: Any) -> Address:
    if not isinstance(raw, str):
        raise MalformedPhone("This must be a phone number as text.")
    return address(IdentityKind.PHONE, raw)


def _holders(keys: Iterable[str]) -> dict[str, int]:
    """The customer of each number in any of its variants; of several the one who was there first."""
    query = select(Identity.match_key, func.min(Identity.customer_id)).where(
        Identity.match_key.in_(keys), Identity.kind.in_(NUMBER_KINDS)
    )
    return {row[0]: row[1] for row in db.session.execute(query.group_by(Identity.match_key))}


def _created(place: Address, now: datetime) -> int:
    return identities.create_with([place], source=SOURCE, now=now).id
