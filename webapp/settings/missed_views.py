"""Stops that were missed while the switch was off: listed, and honoured or left with one decision."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, current_app, flash, render_template, request, url_for
from sqlalchemy import select

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.settings.blueprint import bp
from webapp.whatsapp.inbound import missed, stored
from webapp.whatsapp.inbound.missed import OthersMissed
from webapp.whatsapp.models import InboundMessage

MOST_LISTED = 200


@dataclass(frozen=True)
class Line:
    """A message that was missed; `stops`: it would have opted the customer out."""

    customer_id: int | None
    customer: str
    text: str
    at: datetime
    stops: bool


@bp.get("/settings/missed-stops")
@requires(Role.AGENT)
def missed_stops() -> str:
    return _page()


@bp.post("/settings/missed-stops")
@requires(Role.MANAGER)
def decide_missed_stops() -> Response | tuple[str, int]:
    if request.form.get("decision") == "honour":
        return _honour()
    reason = request.form.get("reason", "").strip()
    if not reason or len(reason) > missed.LONGEST_REASON:
        return _page(f"Say why, in at most {missed.LONGEST_REASON} characters.", reason), 422
    listed = request.form.get("listed", type=int)
    try:
        found = missed.leave(reason, listed=listed, actor=current_actor(), now=clock.now())
    except OthersMissed:
        db.session.rollback()
        return _page("Others were found since you loaded this page. Look at them first.", reason), 409
    db.session.commit()
    return _done(f"{found.stops} missed stop{'s are' if found.stops != 1 else ' is'} left as they were."
                 if found.stops else "There is nothing to decide any more.")  # fmt: skip


def _honour() -> Response:
    """The first batch at once; the worker records the rest."""
    found = missed.honour(actor=current_actor(), now=clock.now())
    recorded = missed.record_some(clock.now())
    db.session.commit()
    if recorded == missed.AT_ONCE:
        tasks.enqueue(current_app, "missed stops")
    if not found.stops:
        return _done("There is nothing to decide any more.")
    return _done(
        f"Honoured: {counted(found.opt_outs, 'opt-out')} of {counted(found.opted_out_customers, 'customer')}"
        f" recorded, {counted(found.reviews, 'message')} held for review."
    )


def counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"


def _done(sentence: str) -> Response:
    flash(sentence)
    return see_other(url_for("settings.index"))


def _page(error: str = "", reason: str = "") -> str:
    return render_template(
        "settings/missed.html",
        waiting=missed.waiting(),
        lines=list(map(_line, _shown())),
        error=error,
        reason=reason,
    )


def _shown() -> list[tuple[InboundMessage, Customer | None]]:
    rows = missed.listed(MOST_LISTED)
    ids = {row.customer_id for row in rows if row.customer_id}
    people = {each.id: each for each in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))}
    return [(row, people.get(row.customer_id or 0)) for row in rows]


def _line(shown: tuple[InboundMessage, Customer | None]) -> Line:
    message, customer = shown
    item = stored.spoken(message)
    return Line(
        message.customer_id,
        customer.label if customer else "Unknown",
        stored.text_of(item) if item else "",
        message.occurred_at or message.received_at,
        message.missed == missed.Mark.OPT_OUT,
    )
