"""Who took data of customers out of the desk."""

from flask import render_template, request

from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names
from webapp.accounts.roles import Role
from webapp.consent import disclosures
from webapp.events.blueprint import bp
from webapp.events.filters import id_in

KINDS = {
    "events": "Consent log", "customers": "Customers", "campaign_record": "Decision record",
    "campaign_people": "People of a campaign", "lab": "Try your words", "access_request": "Access request",
    "proof": "Proof", "import_refused": "Refused rows of an import",
}  # fmt: skip


@bp.get("/disclosures")
@requires(Role.MANAGER)
def disclosed() -> str:
    found, following = disclosures.page(id_in(request.args, "after"))
    return render_template(
        "events/disclosures.html",
        disclosures=found,
        names=actor_names(each.actor for each in found),
        kinds=KINDS,
        next=following,
    )
