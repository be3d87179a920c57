"""What an agent does with a customer's consent: opt out at once, opt in with proof."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from webapp.consent import evidence_files, ledger, undoing
from webapp.consent.file_kinds import Upload
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import Source, Status
from webapp.customers import identities, locking
from webapp.customers.models import Customer
from webapp.extensions import db

MOST_TOLD = 3
"""Entries of the history that a refused agent is told at once."""


class StaleRow(Exception):
    """The customer changed since the agent looked; an opt-in must be decided again on what is known now."""


def opt_out(customer: Customer, *, actor: str, now: datetime) -> ConsentEvent | None:
    """At once and whatever the agent saw; None when the customer was opted out already."""
    return record(customer, Statement(Status.OPTED_OUT, Source.AGENT, actor, now))


def record(customer: Customer, statement: Statement) -> ConsentEvent | None:
    """Record a statement about this customer; an opt-out also of all that may be the same person.

    The answer is this customer's event (see `ledger.record`, also for what it raises).
    """
    if statement.status == Status.OPTED_IN:
        return ledger.record(customer, statement)
    events = {other.id: ledger.record(other, statement) for other in locking.locked_alike(customer)}
    return events[identities.survivor(customer).id]


def undo(customer: Customer, event_id: int, *, actor: str, now: datetime) -> None:
    """Take back one's latest change, where it reached others that may be the same person too.

    Raises undoing.NotUndoable (see there).
    """
    undone = undoing.undo(customer, event_id, actor=actor, now=now)
    moment = db.session.get_one(ConsentEvent, undone.compensates).recorded_at
    for other in identities.alike(customer):
        latest = undoing.undoable(ledger.history(other.id), actor, now)
        if latest and db.session.get_one(ConsentEvent, latest).recorded_at == moment:
            undoing.undo(other, latest, actor=actor, now=now)


def opt_in(
    customer: Customer,
    proof: Proof,
    *,
    upload: Upload | None = None,
    version: int | None,
    stated_at: datetime | None,
    actor: str,
    now: datetime,
) -> ConsentEvent | None:
    """Record that the customer agreed, with a file that shows it; None when they were opted in already.

    Raises StaleRow when `version` is not the row's, and rules.ConsentRefused (see `ledger.record`).
    """
    ledger.lock(customer)
    if version != customer.version:
        raise StaleRow
    if upload:
        proof = replace(proof, file_sha256=evidence_files.keep(upload, now), file_name=upload.name)
    statement = Statement(Status.OPTED_IN, Source.AGENT, actor, now, stated_at=stated_at, proof=proof)
    return ledger.record(customer, statement)


def stated_time(given: date | datetime | None, now: datetime) -> datetime | None:
    """When the customer said it. A day without a time is its beginning; today and later mean now (None)."""
    if isinstance(given, datetime):
        return given if given.tzinfo else given.replace(tzinfo=UTC)
    if given is None or given >= now.date():
        return None
    return datetime.combine(given, time.min, UTC)


def latest(customer: Customer) -> list[tuple[ConsentEvent, Evidence | None]]:
    """The newest entries of the history, newest first, each with the words behind it."""
    events = ledger.history(customer.id)[-MOST_TOLD:]
    return [(event, db.session.get(Evidence, event.id)) for event in reversed(events)]
