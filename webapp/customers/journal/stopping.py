"""A stop from the journal is put on record: as the system's word, with the journal as its evidence."""

from datetime import datetime

from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import Source, Status, Turn
from webapp.customers.journal.log import Stop
from webapp.customers.models import Customer
from webapp.formatting import instant

JOURNAL = "journal"
"""Why, as a word for programs."""
CHANNEL = "opt-out journal"
WHY_HELD = "was on hold when a backup was put back, which does not hold its words"


def stop(customer: Customer, what: str, at: datetime, now: datetime) -> bool:
    """Stop marketing to the customer as it was stopped `at` then; whether that changed anything.

    It was decided with all that a backup of before knows, so nothing in it is newer: `at` is when the journal
    was told. The words of a message that was on hold are not in the journal: somebody decides without.
    """
    proof = Proof(CHANNEL, f"Opt-out journal, recorded at {instant(at)}")
    match what:
        case Stop.OPTED_OUT:
            return _opt_out(customer, at, now, proof)
        case Stop.WITHDRAWN:
            return customer.status == Status.OPTED_IN and _opt_out(customer, at, now, proof)
        case Stop.PLATFORM_STOP if customer.platform_stop_at is None:
            ledger.record_platform(customer, Turn.STOPPED, _signal(at, now, proof))
            return True
        case Stop.HOLD if customer.held_at is None and customer.status != Status.OPTED_OUT:
            holds.hold(customer, WHY_HELD, _signal(at, now, proof))
            return True
    return False


def _opt_out(customer: Customer, at: datetime, now: datetime, proof: Proof) -> bool:
    if customer.status == Status.OPTED_OUT:
        return False
    said = Statement(
        Status.OPTED_OUT, Source.SYSTEM, "system", now, stated_at=at, proof=proof, reason=JOURNAL
    )
    ledger.record(customer, said)
    return customer.status == Status.OPTED_OUT


def _signal(at: datetime, now: datetime, proof: Proof) -> Signal:
    return Signal(Source.SYSTEM, "system", now, stated_at=at, proof=proof)
