"""How the next messages fare: chosen on the page."""

from typing import Any

from flask import Response, abort, make_response, render_template, request, url_for

from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.extensions import htmx
from webapp.rendering import see_other
from webapp.simulator import conditions
from webapp.simulator.blueprint import bp
from webapp.simulator.conditions import Conditions
from webapp.simulator.network import network


@bp.post("/conditions")
@requires(Role.AGENT)
def choose() -> Response:
    """They count from the next message on."""
    chosen = Conditions.of(request.form) or abort(400)
    network().messages.choose(chosen)
    if htmx.partial:
        return make_response(render_template("simulator/_conditions_now.html", conditions=chosen))
    return see_other(url_for(".show", phone=request.form.get("phone") or None))


def condition_context() -> dict[str, Any]:
    """For `_conditions.html`."""
    return {
        "conditions": network().messages.conditions(),
        "delays": conditions.DELAYS,
        "outcomes": conditions.OUTCOMES,
        "ways": conditions.WAYS,
        "shares": {
            share: f"{share}% of them" if share < 100 else "all of them" for share in conditions.SHARES
        },
    }
