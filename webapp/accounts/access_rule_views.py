"""What admins settle about the second steps of others: taking one off, and who needs one."""

from flask import Response, abort, flash, request, url_for
from flask_login import current_user

from webapp.accounts import second_step, sessions, trail
from webapp.accounts.access import requires
from webapp.accounts.account_event import Happened
from webapp.accounts.actors import current_actor
from webapp.accounts.blueprint import bp
from webapp.accounts.confirming import confirmed
from webapp.accounts.forms import AccessForm
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
def ask_for_second_step() -> Response:
    """The wanted state is posted. Who asks others for a second step has one."""
    form = AccessForm(request.form)
    if not form.validate():
        abort(400)
    if form.least and not second_step.is_on(current_user):
        flash("Set up your own second step first.")
        return see_other(url_for(".second_step"))
    if form.least != second_step.rules().second_step_from:
        trail.record(Happened.SECOND_STEP_ASKED, None, detail=form.of_whom)
    second_step.ask(form.least, actor=current_actor(), now=now())
    db.session.commit()
    flash(f"A second step is asked of {form.of_whom} now.")
    return see_other(url_for(".users"))
