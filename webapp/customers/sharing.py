"""Several customers turn out to be one person, or may be: what keeps marketing from one keeps it from all of
them, also where it is taken back of the one later. They are locked, and the caller commits."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Hold
from webapp.consent.rules import Status, Turn
from webapp.customers.models import Customer
from webapp.extensions import db


def share_stops(people: list[Customer], shown: Signal, stopped_at: datetime | None = None) -> None:
    """`shown` tells how it came to be known, and when if that counts: else each stop counts from when it was
    said last, or from `stopped_at`."""
    out = [one for one in people if one.status == Status.OPTED_OUT]
    for customer in people if out else ():
        if out != [customer]:
            _opt_out(customer, shown, stopped_at or max(one.opt_out_at or shown.now for one in out))
    stops = [one.platform_stop_at for one in people if one.platform_stop_at]
    for customer in _without(people, lambda one: one.platform_stop_at is not None):
        ledger.record_platform(
            customer, Turn.STOPPED, replace(shown, stated_at=shown.stated_at or max(stops))
        )
    for customer in _without(people, lambda one: one.disputed_at is not None):
        customer.disputed_at = shown.now
    for customer in _without(people, lambda one: one.held_at is not None):
        _hold_too(customer, people, shown)


def _opt_out(customer: Customer, shown: Signal, at: datetime) -> None:
    statement = Statement(
        Status.OPTED_OUT, shown.source, shown.actor, shown.now, stated_at=at, message_id=shown.message_id,
        proof=shown.proof,
    )  # fmt: skip
    ledger.record(customer, statement)


def _without(people: list[Customer], stopped: Callable[[Customer], bool]) -> list[Customer]:
    """Those who lack a stop that another one of the people has."""
    lacking = [customer for customer in people if not stopped(customer)]
    return lacking if len(lacking) < len(people) else []


def _hold_too(customer: Customer, people: list[Customer], shown: Signal) -> None:
    """The message that holds the other customer is to be read for this one too."""
    ids = [one.id for one in people]
    query = select(Hold).where(Hold.customer_id.in_(ids), holds.pauses()).order_by(Hold.id.desc())
    for review in db.session.scalars(query.limit(1)):
        proof = Proof("whatsapp", review.words, review.matched)
        said_at = shown.stated_at or review.occurred_at
        holds.hold(customer, review.why, replace(shown, stated_at=said_at, proof=proof))
