"""The auditor's page: what it finds at this moment, what it found before, and the same as a file."""

from dataclasses import dataclass

from flask import Response, current_app, flash, make_response, render_template, url_for
from sqlalchemy import select

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.campaigns.models import Campaign
from webapp.campaigns.reports import audit, audit_runs
from webapp.campaigns.reports.audit import Violation
from webapp.campaigns.reports.blueprint import bp
from webapp.campaigns.reports.record_views import table_file
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Status, Turn
from webapp.customers.models import Customer
from webapp.customers.table_files import Cells
from webapp.extensions import db, htmx
from webapp.formatting import iso
from webapp.rendering import see_other, trigger

MOST_LISTED = 100
AGAINST = (Status.OPTED_OUT, Turn.STOPPED, Turn.HELD)
COLUMNS = (
    "delivery_id", "customer_id", "customer", "was", "event_id", "event_at", "started_at",
    "campaign_id", "campaign",
)  # fmt: skip
ASKED = "Checking… The result joins the list in a moment."


@dataclass(frozen=True)
class Found:
    """A violation with its names; `event` is the last one against the message, if there is one."""

    violation: Violation
    customer: str
    campaign: str
    event: ConsentEvent | None


@bp.get("/audit")
@requires(Role.VIEWER)
def check() -> str:
    """The auditor's answer at this moment, and the runs that were kept."""
    found = audit.violations(clock.now())
    return render_template(
        "reports/audit.html",
        violations=[_found(each) for each in found[:MOST_LISTED]],
        found=len(found),
        checked=audit.started(),
        runs=audit_runs.listed(),
    )


@bp.post("/audit")
@requires(Role.AGENT)
def keep() -> Response:
    """Have the worker ask the auditor and keep the answer: it reads for longer than a page may take."""
    tasks.enqueue(current_app, "audit", current_actor())
    if htmx:
        return trigger(make_response("", 204), {"toast": {"message": ASKED}, "audit:asked": True})
    flash(ASKED)
    return see_other(url_for("reports.check"))


@bp.get("/audit.csv")
@requires(Role.VIEWER)
def audit_file() -> Response:
    rows = [_cells(_found(each)) for each in audit.violations(clock.now())]
    return table_file("audit", COLUMNS, rows)


def _found(violation: Violation) -> Found:
    customer = db.session.get_one(Customer, violation.customer_id)
    campaign = db.session.get_one(Campaign, violation.campaign_id)
    against = (
        select(ConsentEvent)
        .where(
            ConsentEvent.customer_id == customer.id, ConsentEvent.status.in_(AGAINST),
            ConsentEvent.recorded_at < violation.started_at,
        )
        .order_by(ConsentEvent.recorded_at.desc(), ConsentEvent.id.desc())
        .limit(1)
    )  # fmt: skip
    return Found(violation, customer.label, campaign.name, db.session.scalar(against))


def _cells(found: Found) -> Cells:
    each, event = found.violation, found.event
    return (
        each.delivery_id, each.customer_id, found.customer, each.why, event.id if event else "",
        iso(event.recorded_at) if event else "", iso(each.started_at), each.campaign_id, found.campaign,
    )  # fmt: skip
