"""After a backup was restored: who was erased since is erased again. The caller commits."""

from datetime import datetime

from sqlalchemy import select

from webapp.customers.erasure import erasing, suppression_key, suppressions
from webapp.customers.erasure.erasing import Wish
from webapp.customers.erasure.log import Entry
from webapp.customers.models import Customer, Identity
from webapp.extensions import db

REPLAYED = "replayed"
CHUNK = 2000
"""Addresses that are read at once."""


def replay(entries: list[Entry], now: datetime) -> int:
    """Erase those again who are back after a backup was put in place; how many records. Safe to repeat.

    Found by the record, or by an address that was on record before the erasure: who came back of their own
    accord after it stays. Raises suppressions.WrongKey.
    """
    key = suppressions.begin_erasure()
    if any(entry.key != suppression_key.fingerprint(key) for entry in entries):
        raise suppressions.WrongKey
    back = _back_again(entries, key)
    return sum(_again(entry, sorted(back[place]), key, now) for place, entry in enumerate(entries))


def _back_again(entries: list[Entry], key: bytes) -> list[set[int]]:
    """For each entry the records that are there again."""
    back: list[set[int]] = []
    for entry in entries:
        found = db.session.scalars(select(Customer).where(Customer.id.in_([id for id, _ in entry.records])))
        there = {(one.id, one.created_at) for one in found if one.erased_at is None}
        back.append({id for id, _ in there & set(entry.records)})
    by_hash = {each: place for place, entry in enumerate(entries) for each in entry.hashes}
    owners = select(Identity.match_key, Identity.customer_id, Identity.created_at)
    for match_key, customer_id, learned_at in db.session.execute(owners.execution_options(yield_per=CHUNK)):
        place = by_hash.get(suppression_key.hashed(key, match_key))
        if place is not None and learned_at <= entries[place].at:
            back[place].add(customer_id)
    return back


def _again(entry: Entry, ids: list[int], key: bytes, now: datetime) -> int:
    people = [one for one in erasing.locked(ids) if one.erased_at is None]
    if people:
        erasing.erase_records(people, Wish(REPLAYED, "", "system", now), key)
    unknown = [each for each in entry.hashes if db.session.get(suppressions.Suppression, each) is None]
    if unknown:
        suppressions.add(unknown, _tombstone(entry, people, now), entry.at)
    return len(people)


def _tombstone(entry: Entry, people: list[Customer], now: datetime) -> int:
    """The empty record; a new one where the backup is older than the customer."""
    if people:
        return people[0].id
    for id, created_at in entry.records:
        known = db.session.get(Customer, id)
        if known and known.erased_at and known.created_at == created_at:
            return id
    empty = Customer(created_at=entry.records[0][1], erased_at=entry.at)
    db.session.add(empty)
    db.session.flush()
    return empty.id
