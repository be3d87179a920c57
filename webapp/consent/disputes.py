"""Customers whose state is not what their history says: no marketing until an admin settles it.

The rule of settling. The history counts: the state becomes what the ledger adds up to. But marketing may not
begin, now or later, through a mistake or a forgery of the history alone. So where the columns kept marketing
away for something of which the history knows nothing (an opt-out, a stop in WhatsApp, a hold, no record), the
customer is opted out with that settlement, as an entry of the history like any other. It is lifted in the
usual way: by the customer's own later words, or by a person who records evidence. Where the history itself
says opted out, nothing is added. A settlement cannot be undone, and an entry of it says what differed.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from webapp.consent import ledger, ledger_check
from webapp.consent.gate import Suppression
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import STATE_FIELDS, ConsentState
from webapp.consent.rules import Source, State, Status
from webapp.database import compact_json
from webapp.extensions import db

SETTLED = "settled"
AT_ONCE = 500


class NotDisputed(Exception):
    """Somebody settled it before."""


class Unreadable(Exception):
    """The history holds what Heed never writes, so that it says nothing."""


@dataclass(frozen=True)
class Dispute:
    """What the desk shows and what the ledger says of one customer; `told` is None when it cannot be read."""

    customer: Any
    told: State | None
    entries: int

    @property
    def fields(self) -> list[str]:
        """The state columns that differ."""
        return ledger_check.differences(self.customer, self.told) if self.told else []

    @property
    def opts_out(self) -> bool:
        """Whether settling it opts the customer out."""
        return self.told is not None and needs_opt_out(self.customer.consent, self.told)


def mark(customer_ids: Collection[int], now: datetime) -> None:
    """No marketing to these from now on. The caller commits."""
    customer, ids = ledger_check.customer_class(), sorted(customer_ids)
    for start in range(0, len(ids), AT_ONCE):
        these = customer.id.in_(ids[start : start + AT_ONCE]), customer.disputed_at.is_(None)
        db.session.execute(update(customer).where(*these).values(disputed_at=now))


def open_count() -> int:
    customer = ledger_check.customer_class()
    return db.session.scalar(select(func.count(customer.id)).where(customer.disputed_at.is_not(None))) or 0


def open_ones(most: int) -> list[Dispute]:
    """The first so many of them, by id."""
    customer = ledger_check.customer_class()
    query = select(customer).where(customer.disputed_at.is_not(None)).order_by(customer.id).limit(most)
    return [_dispute(each) for each in db.session.scalars(query)]


def settle(customer: ConsentState, *, actor: str, now: datetime) -> None:
    """Go by the history, and never become more permissive by it. The caller commits.

    Raises NotDisputed, Unreadable.
    """
    ledger.lock(customer)
    if customer.disputed_at is None:
        raise NotDisputed
    dispute = _dispute(customer)
    if dispute.told is None:
        raise Unreadable
    opts_out, proof = dispute.opts_out, Proof(words=_difference(dispute))
    customer.consent, customer.events_count, customer.disputed_at = dispute.told, dispute.entries, None
    db.session.flush()
    if opts_out:
        ledger.record(customer, Statement(Status.OPTED_OUT, Source.AGENT, actor, now, proof=proof))
    ledger.record_identity(customer, SETTLED, Signal(Source.AGENT, actor, now, proof=proof))


def needs_opt_out(shown: State, told: State) -> bool:
    """Whether the columns kept marketing away for a reason that the history does not know."""
    return told.status != Status.OPTED_OUT and not _reasons(shown) <= _reasons(told)


def _reasons(state: State) -> set[Suppression]:
    found = set()
    if state.status == Status.OPTED_OUT:
        found.add(Suppression.OPTED_OUT)
    elif state.status != Status.OPTED_IN:
        found.add(Suppression.NO_CONSENT)
    if state.platform_stop_at:
        found.add(Suppression.PLATFORM_STOP)
    if state.held_at:
        found.add(Suppression.ON_HOLD)
    return found


def _dispute(customer: Any) -> Dispute:
    events = ledger.history(customer.id)
    return Dispute(customer, ledger_check.told_by(events), len(events))


def _difference(dispute: Dispute) -> str:
    """For the history: what the desk showed and what the ledger said."""
    customer, told = dispute.customer, dispute.told
    showed = {"entries": customer.events_count, **{name: getattr(customer, name) for name in STATE_FIELDS}}
    said = {"entries": dispute.entries, **{name: getattr(told, name) for name in STATE_FIELDS}}
    differing = {
        name: {"shown": _plain(showed[name]), "history": _plain(said[name])}
        for name in showed
        if showed[name] != said[name]
    }
    return compact_json(differing)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
