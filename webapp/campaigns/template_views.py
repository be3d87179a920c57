"""The page of templates: what WhatsApp has for this account, and what is coming."""

from flask import Blueprint, Response, current_app, flash, make_response, render_template, url_for

from webapp import tasks
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.campaigns import switch, templates
from webapp.config import Settings
from webapp.extensions import htmx
from webapp.rendering import see_other, trigger

bp = Blueprint("templates", __name__, url_prefix="/templates")

SYNCHRONISING = "Synchronising… The list is new in a moment."
NO_ACCESS = "Set WHATSAPP_ACCESS_TOKEN and WHATSAPP_BUSINESS_ACCOUNT_ID first; see Settings."


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return render_template("templates/index.html", templates=templates.everything(), sending=switch.current())


@bp.post("/sync")
@requires(Role.MANAGER)
def sync() -> Response:
    """The worker asks WhatsApp: a page must not wait for another machine."""
    settings: Settings = current_app.config["HEED"]
    if not (settings.access_token and settings.business_account_id):
        return _say(NO_ACCESS, bad=True)
    tasks.enqueue(current_app, "sync templates")
    return _say(SYNCHRONISING)


def _say(message: str, *, bad: bool = False) -> Response:
    if htmx:
        return trigger(make_response("", 204), {"toast": {"message": message, "bad": bad}})
    flash(message)
    return see_other(url_for("templates.index"))
