"""Before each commit that stops marketing to somebody, the journal is told: one question, one fsync, for one
customer or for many, whichever way the stop came (webhook, agent, API, import, merge, review, time)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import event, select

from webapp import clock
from webapp.consent import written
from webapp.consent.rules import Kind, Status, Turn
from webapp.consent.written import Written
from webapp.customers.erasure import suppression_key
from webapp.customers.erasure.suppression_key import WrongKey
from webapp.customers.journal import log, unclaimed
from webapp.customers.journal.log import Entry, NotWritten, Stop
from webapp.customers.models import Customer, Identity
from webapp.extensions import db
from webapp.many_rows import among

KEY = "heed-learned"


class Learned(NamedTuple):
    """An address that came on record in this transaction."""

    customer_id: int
    match_key: str
    at: datetime
    may_be_stopped: bool
    """Whether its customer was on record before, and may be stopped: then the address is stopped, too."""


def note_addresses(learned: Iterable[Learned]) -> None:
    """Addresses that were written past the ORM."""
    db.session().info.setdefault(KEY, []).extend(learned)


@event.listens_for(db.session, "after_flush")
def _after_flush(session: Any, _context: Any) -> None:
    new = [row for row in session.new if isinstance(row, Identity)]
    if new:
        note_addresses(
            Learned(row.customer_id, row.match_key, row.created_at, _may_be_stopped(session, row))
            for row in new
        )


@event.listens_for(db.session, "after_transaction_end")
def _after_end(session: Any, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(KEY, None)


@event.listens_for(db.session, "before_commit")
def _before_commit(session: Any) -> None:
    """Raises NotWritten, and then nothing is committed."""
    if session.in_nested_transaction():
        return
    session.flush()
    learned = session.info.pop(KEY, [])
    if learned:
        unclaimed.claim((one.match_key, one.customer_id, one.at) for one in learned)
    if entries := _entries(written.events_of(session), learned):
        log.append(current_app.config["HEED"].data_dir, entries)


def _may_be_stopped(session: Any, identity: Identity) -> bool:
    """Of what is loaded: nothing can be asked in the midst of a flush."""
    customer = identity.__dict__.get("customer")
    if customer is None:
        return True
    known = customer.__dict__
    stopped = known.get("platform_stop_at") or known.get("held_at")
    return customer not in session.new and bool(stopped or known.get("status") in (None, Status.OPTED_OUT))


def _entries(events: list[Written], learned: list[Learned]) -> list[Entry]:
    last = {each.customer_id: each for each in events if _may_stop(each)}
    only_learned = {one.customer_id: one.at for one in learned if one.may_be_stopped} if learned else {}
    ids = last.keys() | only_learned.keys()
    if not ids:
        return []
    key, now = _key(), clock.now()
    entries = []
    for id, (row, match_keys) in _read(ids).items():
        wrote = last.get(id)
        if stops := _stops(row, wrote):
            hashes = sorted(suppression_key.hashed(key, each) for each in match_keys) if key else []
            at, number = (wrote.recorded_at, wrote.id) if wrote else (only_learned[id], 0)
            named = suppression_key.fingerprint(key) if key else ""
            entries.append(Entry(now, at, number, id, row.created_at, stops, tuple(hashes), named))
    return entries


def _may_stop(each: Written) -> bool:
    match each.kind:
        case Kind.CONSENT:
            return each.status != Status.OPTED_IN
        case Kind.PLATFORM_STOP | Kind.HOLD:
            return each.status in (Turn.STOPPED, Turn.HELD)
        case _:
            return each.kind == Kind.IDENTITY  # whoever is merged into somebody who is stopped is stopped


def _stops(row: Any, wrote: Written | None) -> tuple[str, ...]:
    """What the columns say at the end of the transaction, whatever happened in it."""
    taken_back = wrote is not None and wrote.status == Status.UNKNOWN == row.status
    found = {
        Stop.OPTED_OUT: row.status == Status.OPTED_OUT,
        Stop.PLATFORM_STOP: row.platform_stop_at,
        Stop.HOLD: row.held_at,
        Stop.WITHDRAWN: taken_back,
    }
    return tuple(stop.value for stop, holds in found.items() if holds)


def _read(ids: Iterable[int]) -> dict[int, tuple[Any, set[str]]]:
    columns = (Customer.id, Customer.created_at, Customer.status, Customer.platform_stop_at, Customer.held_at,
               Identity.match_key)  # fmt: skip
    theirs = select(*columns).outerjoin(Identity).where(among(Customer.id, sorted(ids)))
    found: dict[int, tuple[Any, set[str]]] = {}
    for row in db.session.execute(theirs.order_by(Customer.id)):
        _, match_keys = found.setdefault(row.id, (row, set()))
        if row.match_key:
            match_keys.add(row.match_key)
    return found


def _key() -> bytes | None:
    """None for a damaged one: an opt-out is taken in all the same, told by its record; Status says more."""
    try:
        return suppression_key.read_or_create()
    except WrongKey:
        return None
    except OSError as problem:
        raise NotWritten(problem) from problem
