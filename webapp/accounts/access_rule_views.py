"""What admins settle about the second steps of others: taking one off, and whether admins need one."""

from flask import Response, flash, request, url_for
from flask_login import current_user

from webapp.accounts import second_step, sessions, trail
from webapp.accounts.access import requires
from webapp.accounts.account_event import Happened
from webapp.accounts.actors import current_actor
from webapp.accounts.blueprint import bp
from webapp.accounts.confirming import confirmed
from webapp.accounts.models import User
from webapp.accounts.roles import Role
from webapp.accounts.user_views import done
from webapp.clock import now
from webapp.extensions import db
from webapp.rendering import see_other


@bp.post("/users/<int:user_id>/second-step/reset")
@requires(Role.ADMIN)
@confirmed
def reset_second_step(user_id: int) -> Response:
    """For somebody who lost phone and recovery codes; whoever found the phone is out, too."""
    user = db.get_or_404(User, user_id)
    second_step.switch_off(user)
    sessions.revoke_all(user, now())
    return done(f"{user.label} signs in without a second step now.", Happened.SECOND_STEP_RESET, user)


@bp.post("/users/second-step")
@requires(Role.ADMIN)
@confirmed
def ask_admins() -> Response:
    """The wanted state is posted. Who asks others for a second step has one."""
    needed = request.form.get("needed") == "1"
    if needed and not second_step.is_on(current_user):
        flash("Set up your own second step first.")
        return see_other(url_for(".second_step"))
    if needed != second_step.rules().admins_need_second_step:
        trail.record(Happened.ADMINS_NEED if needed else Happened.ADMINS_NEED_NOT, None)
    second_step.ask_admins(needed, actor=current_actor(), now=now())
    db.session.commit()
    flash("Admins need a second step now." if needed else "Admins may sign in without a second step now.")
    return see_other(url_for(".users"))
