"""The page of templates: what WhatsApp has for this account, and what is coming."""

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request, url_for

from webapp import tasks
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.campaigns import lifetimes, switch
from webapp.campaigns.lifetimes import Lifetime
from webapp.campaigns.models import Template
from webapp.campaigns.templates import flags as template_flags
from webapp.campaigns.templates import templates
from webapp.config import Settings
from webapp.extensions import htmx
from webapp.rendering import see_other, trigger

bp = Blueprint("templates", __name__, url_prefix="/templates")

SYNCHRONISING = "Synchronising… The list is new in a moment."
SHORTENING = "WhatsApp is asked. The table shows its answer in a moment."
NOT_OFFERED = "There is nothing to set here now."
NO_ACCESS = "Set WHATSAPP_ACCESS_TOKEN and WHATSAPP_BUSINESS_ACCOUNT_ID first; see Settings."


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    found = templates.everything()
    return render_template(
        "templates/index.html",
        templates=found,
        flags=template_flags.by_template(found),
        sending=switch.current(),
        to_shorten=len(lifetimes.shortenable()),
    )


@bp.post("/sync")
@requires(Role.MANAGER)
def sync() -> Response:
    """The worker asks WhatsApp: a page must not wait for another machine."""
    if not _has_access():
        return _say(NO_ACCESS, bad=True)
    tasks.enqueue(current_app, "sync templates")
    return _say(SYNCHRONISING)


@bp.post("/shorten")
@requires(Role.MANAGER)
def shorten() -> Response:
    """12 hours for the template that the form names, or for all."""
    template_id = request.form.get("template", 0, type=int)
    if not _has_access():
        return _say(NO_ACCESS, bad=True)
    if not lifetimes.shortenable(template_id or None):
        return _say(NOT_OFFERED, bad=True)
    tasks.enqueue(current_app, "shorten templates", template_id)
    return _say(SHORTENING)


@bp.app_template_global("lifetime_of")
def lifetime_of(template: Template | None) -> Lifetime | None:
    return lifetimes.of(template)


def _has_access() -> bool:
    settings: Settings = current_app.config["HEED"]
    return bool(settings.access_token and settings.business_account_id)


def _say(message: str, *, bad: bool = False) -> Response:
    if htmx:
        return trigger(make_response("", 204), {"toast": {"message": message, "bad": bad}})
    flash(message)
    return see_other(url_for("templates.index"))
