"""After a backup was restored: the stops of after the backup are put on record again. The caller commits."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from webapp.consent import written
from webapp.consent.models import ConsentEvent
from webapp.consent.together import together
from webapp.customers.erasure import suppression_key
from webapp.customers.erasure.suppression_key import WrongKey
from webapp.customers.identities import survivor
from webapp.customers.journal import unclaimed
from webapp.customers.journal.log import Entry, Stop
from webapp.customers.journal.stopping import stop
from webapp.customers.models import Customer, Identity
from webapp.extensions import db
from webapp.many_rows import among

AT_ONCE = 500
ROWS_AT_ONCE = 2000


@dataclass
class Replayed:
    """What came of it: entries that the database did not know, people who were stopped by them, stops kept
    for people whom it does not know, and entries of another key, which were followed by the record alone."""

    entries: int = 0
    people: int = 0
    unclaimed: int = 0
    keyless: int = 0
    newest: datetime | None = None
    wanted: dict[int, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    """For each customer the stops, and when each was recorded last."""


def replay(entries: list[Entry], now: datetime) -> Replayed:
    """Stop everybody who was stopped by an entry that this database does not know. Safe to repeat."""
    missing, key = _unknown(entries), _key()
    named = suppression_key.fingerprint(key) if key else "-"
    ours = [entry for entry in missing if entry.key == named]
    owners = _owners({each for entry in ours for each in entry.hashes}, key) if key else {}
    missing = [entry for entry in missing if entry.event or not _is_somebodys(entry.hashes, owners)]
    told = Replayed(len(missing), newest=max((entry.told for entry in missing), default=None))
    told.keyless = sum(entry.key != named for entry in missing)
    for entry in missing:
        _want(told, entry, owners if entry.key == named else {})
    told.people = sum(len(_stop(told, some, now)) for some in _portions(list(told.wanted)))
    db.session.flush()
    written.forget()  # the journal tells of it already
    return told


def _unknown(entries: list[Entry]) -> list[Entry]:
    """The entries whose event is not in this database, by number, time and customer: numbers come again."""
    known: set[tuple[int, int | None, datetime]] = set()
    columns = ConsentEvent.id, ConsentEvent.customer_id, ConsentEvent.recorded_at
    for some in _portions([entry.event for entry in entries]):
        known |= {
            tuple(row) for row in db.session.execute(select(*columns).where(among(ConsentEvent.id, some)))
        }
    return [entry for entry in entries if (entry.event, entry.customer, entry.at) not in known]


def _owners(hashes: set[str], key: bytes) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    rows = select(Identity.match_key, Identity.customer_id).execution_options(yield_per=ROWS_AT_ONCE)
    for match_key, customer_id in db.session.execute(rows) if hashes else ():
        if (each := suppression_key.hashed(key, match_key)) in hashes:
            found[each].add(customer_id)
    return found


def _is_somebodys(hashes: tuple[str, ...], owners: dict[str, set[int]]) -> bool:
    """Whether one customer has all these addresses."""
    return bool(set.intersection(*(owners.get(each, set()) for each in hashes))) if hashes else True


def _want(told: Replayed, entry: Entry, owners: dict[str, set[int]]) -> None:
    people = {id for each in entry.hashes for id in owners.get(each, ())}
    record = db.session.get(Customer, entry.customer)
    if record and record.created_at == entry.since:
        people.add(survivor(record).id)
    for id in people:
        for what in entry.stops:
            told.wanted[id][what] = max(entry.told, told.wanted[id].get(what, entry.told))
    strangers = [each for each in entry.hashes if each not in owners] if entry.key else []
    stops = [what for what in entry.stops if what != Stop.WITHDRAWN]
    if strangers and stops:
        unclaimed.keep(strangers, stops, entry.told)
        told.unclaimed += len(strangers)


def _stop(told: Replayed, ids: list[int], now: datetime) -> list[int]:
    """Those of these customers who were stopped by it."""
    locked = (
        select(Customer).where(among(Customer.id, ids)).order_by(Customer.id).with_for_update(key_share=True)
    )
    people = [one for one in db.session.scalars(locked) if one.erased_at is None]
    most = sum(len(told.wanted[one.id]) for one in people)
    with together(people, events=max(most, 2)):
        changed = {
            one.id: sum(stop(one, what, at, now) for what, at in told.wanted[one.id].items())
            for one in people
        }
    return [id for id, stops in changed.items() if stops]


def _portions(values: list[int]) -> list[list[int]]:
    return [values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE)]


def _key() -> bytes | None:
    try:
        return suppression_key.read()
    except WrongKey:
        return None
