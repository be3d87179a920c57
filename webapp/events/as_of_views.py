"""Totals of all customers as they stood at an instant."""

from flask import render_template, request

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.campaigns import switch
from webapp.campaigns.times import NoSuchTime, chosen, local_input, zone_words
from webapp.customers import as_of
from webapp.events.blueprint import bp


@bp.get("/as-of")
@requires(Role.VIEWER)
def totals() -> tuple[str, int]:
    """Counted only when an instant is asked for; `at` is a time in the workspace's zone."""
    zone, now = switch.current().zone, clock.now()
    typed, error, instant = request.args.get("at", "")[:30], "", None
    try:
        instant = chosen(typed, zone) if typed else None
    except (NoSuchTime, OverflowError) as fault:
        error = str(fault) if isinstance(fault, NoSuchTime) else "Choose a day and a time."
    page = render_template(
        "events/as_of.html",
        value=typed or local_input(now, zone),
        error=error,
        zone=zone_words(zone, now),
        instant=instant,
        totals=as_of.totals(instant) if instant else None,
    )
    return page, 422 if error else 200
