"""The dialog in which an admin lets a desk send again that was restored or copied."""

from flask import Blueprint, Response, current_app, flash, make_response, url_for

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.backups import confirming, difference, replaying
from webapp.campaigns import lifecycle, switch
from webapp.extensions import db, htmx
from webapp.rendering import dialog, see_other

Answer = Response | tuple[str, int]
bp = Blueprint("backups", __name__, url_prefix="/campaigns/sending")


@bp.get("/confirm")
@requires(Role.ADMIN)
def ask() -> Answer:
    sending, restored = switch.current(), replaying.last()
    return dialog(
        "backups/_confirm_dialog.html", title="May this desk send?", why=switch.unconfirmed(sending),
        restored=restored, told=difference.sentences(restored.found) if restored else [],
        switched_off=not sending.enabled,
    )  # fmt: skip


@bp.post("/confirm")
@requires(Role.ADMIN)
@confirmed
def confirm() -> Response:
    done = confirming.confirm(current_actor(), clock.now())
    db.session.commit()
    if done:
        for campaign_id in lifecycle.running():
            tasks.enqueue(current_app, "pump", campaign_id)
    off = switch.off(current_app.config["HEED"])
    flash(("Confirmed. " if done else "This was confirmed already. ") + (off or "Sending is on."))
    location = url_for("campaigns.index")
    if not htmx:
        return see_other(location)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = location
    return response
