"""Stopping and going on: pause, resume, cancel, back to a draft, duplicate, delete; and the kill switch."""

from collections.abc import Callable

from flask import Response, current_app, flash, make_response, request, url_for

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.blueprint import bp
from webapp.campaigns.lifecycle import Impossible
from webapp.campaigns.models import Campaign
from webapp.campaigns.pages import campaign_or_404
from webapp.extensions import db, htmx
from webapp.rendering import dialog, see_other

Answer = Response | tuple[str, int]
VERBS: dict[str, tuple[str, str, str]] = {
    "cancel": ("Cancel campaign", "Cancel campaign", "What is not sent yet is never sent. It cannot go on."),
    "delete": ("Delete draft", "Delete draft", "The draft is gone for good."),
}
"""Title, button and consequence of each question."""


@bp.get("/<int:campaign_id>/<any(cancel, delete):verb>")
@requires(Role.MANAGER)
def ask(campaign_id: int, verb: str) -> Answer:
    campaign = campaign_or_404(campaign_id)
    title, button, consequence = VERBS[verb]
    return dialog(
        "campaigns/_ask_dialog.html", title=title, campaign=campaign, verb=verb, button_label=button,
        consequence=consequence,
    )  # fmt: skip


@bp.post("/<int:campaign_id>/pause")
@requires(Role.MANAGER)
def pause(campaign_id: int) -> Answer:
    return _move(campaign_id, lifecycle.pause, "The campaign is paused.")


@bp.post("/<int:campaign_id>/resume")
@requires(Role.MANAGER)
def resume(campaign_id: int) -> Answer:
    answer = _move(campaign_id, lifecycle.resume, "The campaign goes on.")
    tasks.enqueue(current_app, "pump", campaign_id)
    return answer


@bp.post("/<int:campaign_id>/cancel")
@requires(Role.MANAGER)
def cancel(campaign_id: int) -> Answer:
    return _move(campaign_id, lifecycle.cancel, "The campaign is cancelled.")


@bp.post("/<int:campaign_id>/unschedule")
@requires(Role.MANAGER)
def unschedule(campaign_id: int) -> Answer:
    """Back to a draft: to change it, or after its time was missed."""
    return _move(campaign_id, lifecycle.unschedule, "It is a draft again; nothing is sent by itself.")


@bp.post("/<int:campaign_id>/duplicate")
@requires(Role.MANAGER)
def duplicate(campaign_id: int) -> Answer:
    copy = lifecycle.duplicate(campaign_or_404(campaign_id), actor=current_actor(), now=clock.now())
    db.session.commit()
    return gone_to(url_for("campaigns.edit", campaign_id=copy.id), "This is the copy.")


@bp.post("/<int:campaign_id>/delete")
@requires(Role.MANAGER)
def delete(campaign_id: int) -> Answer:
    campaign = campaign_or_404(campaign_id)
    try:
        lifecycle.remove(campaign)
    except Impossible as refusal:
        return gone_to(url_for("campaigns.show", campaign_id=campaign_id), str(refusal))
    db.session.commit()
    return gone_to(url_for("campaigns.index"), "The draft is deleted.")


@bp.get("/sending")
@requires(Role.ADMIN)
def ask_sending() -> Answer:
    return dialog("campaigns/_sending_dialog.html", title="Sending", sending=switch.current())


@bp.post("/sending")
@requires(Role.ADMIN)
@confirmed(when=lambda: wants_sending())
def change_sending() -> Answer:
    """The kill switch: `enabled=1` or `enabled=0`, as it shall be. Nothing is in the way of stopping."""
    enabled = wants_sending()
    switch.set_enabled(enabled, actor=current_actor(), now=clock.now())
    db.session.commit()
    if enabled:
        for campaign_id in lifecycle.running():
            tasks.enqueue(current_app, "pump", campaign_id)
    message = "Sending is allowed again." if enabled else "All sending is stopped."
    return gone_to(url_for("campaigns.index"), message)


def wants_sending() -> bool:
    return request.form.get("enabled") == "1"


def gone_to(location: str, message: str) -> Response:
    """Go to another page, from a form or from a dialog, and say what happened there."""
    if message:
        flash(message)
    if not htmx:
        return see_other(location)
    response = make_response("", 204)
    response.headers["HX-Redirect"] = location
    return response


def _move(campaign_id: int, step: Callable[..., Campaign], message: str) -> Answer:
    campaign = campaign_or_404(campaign_id)
    try:
        step(campaign, actor=current_actor(), now=clock.now())
    except Impossible as refusal:
        message = str(refusal)
    db.session.commit()
    return gone_to(url_for("campaigns.show", campaign_id=campaign_id), message)
