"""Customers whose state is not what their history says: seen side by side, settled by an admin."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, current_app, flash, render_template, url_for

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.consent import disputes
from webapp.consent.disputes import Dispute, NotDisputed, Unreadable
from webapp.consent.sealing import verification
from webapp.customers.models import Customer
from webapp.customers.wording import STATES
from webapp.extensions import db
from webapp.formatting import instant
from webapp.rendering import see_other
from webapp.status.blueprint import bp

MOST_LISTED = 50
FIELDS = {
    "status": "Consent", "status_at": "Consent since", "status_event_id": "Set by event",
    "opt_out_at": "Latest opt-out", "own_opt_out_at": "Latest own opt-out",
    "own_opt_in_at": "Latest own opt-in", "platform_stop_at": "Stopped in WhatsApp",
    "platform_resume_at": "Resumed in WhatsApp", "held_at": "On hold since",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    name: str
    shown: str
    told: str


@dataclass(frozen=True)
class Disputed:
    id: int
    label: str
    since: datetime
    differences: list[Difference]
    readable: bool
    opts_out: bool


@bp.get("/disputes")
@requires(Role.ADMIN)
def disputed() -> str:
    found = disputes.open_ones(MOST_LISTED)
    return render_template(
        "status/disputes.html",
        disputed=[_shown(dispute) for dispute in found],
        total=disputes.open_count(),
        ran=verification.last(),
    )


@bp.post("/disputes/<int:customer_id>/settle")
@requires(Role.ADMIN)
def settle(customer_id: int) -> Response:
    customer = db.get_or_404(Customer, customer_id)
    try:
        disputes.settle(customer, actor=current_actor(), now=clock.now())
    except NotDisputed:
        db.session.rollback()
        return _back("Somebody settled that already.")
    except Unreadable:
        db.session.rollback()
        return _back("The history of this customer cannot be read, so there is nothing to go by.")
    db.session.commit()
    return _back(f"{customer.label} is settled: the history counts.")


@bp.post("/disputes/verify")
@requires(Role.ADMIN)
def verify() -> Response:
    """Have the worker verify: it reads for longer than a page may take."""
    tasks.enqueue(current_app, "verify ledger", current_actor())
    return _back("Verifying… The result stands here in a moment.")


def _shown(dispute: Dispute) -> Disputed:
    customer = dispute.customer
    differences = [
        Difference(FIELDS[name], _words(getattr(customer, name)), _words(getattr(dispute.told, name)))
        for name in dispute.fields
    ]
    if customer.events_count != dispute.entries:
        differences.append(Difference("Entries", f"{customer.events_count:,}", f"{dispute.entries:,}"))
    return Disputed(
        customer.id, customer.label, customer.disputed_at, differences, dispute.told is not None,
        dispute.opts_out,
    )  # fmt: skip


def _words(value: Any) -> str:
    if isinstance(value, datetime):
        return instant(value)
    return "–" if value is None else STATES.get(value, str(value))


def _back(said: str) -> Response:
    flash(said)
    return see_other(url_for("status.disputed"))
