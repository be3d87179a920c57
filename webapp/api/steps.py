"""A campaign's steps, launch, pause, resume and cancel, each safe to repeat; and the kill switch."""

from collections.abc import Callable

from flask import Response, current_app, jsonify, request
from sqlalchemy import select

from webapp import tasks
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.api import bodies
from webapp.api.auth import bearer
from webapp.api.blueprint import bp
from webapp.api.campaigns import present, shown
from webapp.api.idempotency import committed, once
from webapp.api.problems import Problem, unfit
from webapp.campaigns import lifecycle, switch
from webapp.campaigns.lifecycle import Impossible
from webapp.campaigns.models import Campaign, CampaignStatus
from webapp.clock import now
from webapp.extensions import db

Answer = tuple[Response, int]


@bp.post("/campaigns/<campaign_id>/launch")
@bearer(Role.MANAGER)
@once
def launch_campaign(campaign_id: str) -> Answer:
    return _step(campaign_id, lifecycle.launch)


@bp.post("/campaigns/<campaign_id>/pause")
@bearer(Role.MANAGER)
def pause_campaign(campaign_id: str) -> Answer:
    return _step(campaign_id, lifecycle.pause)


@bp.post("/campaigns/<campaign_id>/resume")
@bearer(Role.MANAGER)
def resume_campaign(campaign_id: str) -> Answer:
    return _step(campaign_id, lifecycle.resume)


@bp.post("/campaigns/<campaign_id>/cancel")
@bearer(Role.MANAGER)
def cancel_campaign(campaign_id: str) -> Answer:
    return _step(campaign_id, lifecycle.cancel)


@bp.post("/sending")
@bearer(Role.ADMIN)
def change_sending() -> Response:
    enabled = bodies.json_object(("enabled",)).get("enabled")
    if not isinstance(enabled, bool):
        raise unfit("enabled", "This must be true or false.")
    switch.set_enabled(enabled, actor=current_actor(), now=now())
    running = select(Campaign.id).where(Campaign.status == CampaignStatus.RUNNING)
    waiting = list(db.session.scalars(running)) if enabled else []
    db.session.commit()
    for campaign_id in waiting:
        tasks.enqueue(current_app, "pump", campaign_id)
    return jsonify({"enabled": enabled})


def _step(campaign_id: str, step: Callable[..., Campaign]) -> Answer:
    """Take the step, commit, and have a worker send if the campaign runs now. 409 when it is impossible."""
    _takes_no_fields()
    campaign = present(campaign_id)
    try:
        step(campaign, actor=current_actor(), now=now())
    except Impossible as refusal:
        raise Problem(409, str(refusal)) from None
    answer = shown(campaign)
    response = committed(answer, 202)
    if answer["status"] == CampaignStatus.RUNNING:
        tasks.enqueue(current_app, "pump", answer["id"])
    return response


def _takes_no_fields() -> None:
    """A field that is passed over in silence may have been a time to launch at."""
    if request.get_data():
        bodies.json_object(())
