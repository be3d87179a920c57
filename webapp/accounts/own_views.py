"""What everybody may see and change of themselves: password and sessions."""

from flask import Response, abort, flash, make_response, render_template, request, url_for
from flask_login import current_user

from webapp.accounts import sessions, trail, users
from webapp.accounts.access import requires
from webapp.accounts.account_event import Happened
from webapp.accounts.blueprint import bp
from webapp.accounts.browsers import described
from webapp.accounts.confirming import confirmed, is_fresh
from webapp.accounts.digests import digest
from webapp.accounts.forms import PasswordForm
from webapp.accounts.passwords import UnfitPassword
from webapp.accounts.proving import authenticate
from webapp.accounts.roles import Role
from webapp.accounts.throttle import TooManyFailures, in_words
from webapp.clock import now
from webapp.extensions import db
from webapp.rendering import see_other


@bp.get("/users/me")
@requires(Role.VIEWER)
def own() -> Response:
    return _page(PasswordForm())


@bp.post("/users/me/password")
@requires(Role.VIEWER)
@confirmed(when=lambda: not current_user.password_hash)
def change_password() -> Response:
    form = PasswordForm(request.form)
    if not form.validate() or not _proved(form):
        return _page(form, 422)
    try:
        users.set_password(current_user, form.new.data, now=now(), keep_session=current_user.session_token)
    except UnfitPassword as refused:
        form.new.errors = [str(refused)]
        return _page(form, 422)
    sessions.renew(current_user, now())
    trail.record(Happened.PASSWORD, current_user)
    db.session.commit()
    flash("Your password is changed. Other browsers are signed out.")
    return see_other(url_for(".own"))


@bp.post("/users/me/sessions/<int:session_id>/end")
@requires(Role.VIEWER)
@confirmed
def end_own_session(session_id: int) -> Response:
    ended = sessions.revoke(current_user, session_id, now())
    if ended is None:
        abort(404)
    if ended:
        trail.record(Happened.SESSION_ENDED, current_user)
    db.session.commit()
    flash("That browser is signed out.")
    return see_other(url_for(".own"))


@bp.post("/users/me/sessions/end")
@requires(Role.VIEWER)
@confirmed
def end_other_sessions() -> Response:
    sessions.revoke_all(current_user, now(), but=current_user.session_token)
    trail.record(Happened.SESSIONS_ENDED, current_user)
    db.session.commit()
    flash("All other browsers are signed out.")
    return see_other(url_for(".own"))


def _proved(form: PasswordForm) -> bool:
    """Whoever finds an open browser does not own the account: the current password is needed, if any."""
    if not _needs_current_password():
        return True
    try:
        proved = authenticate(current_user.email, form.current.data) is not None
    except TooManyFailures as refused:
        form.current.errors = [f"Too many failed attempts. Try again {in_words(refused.wait)}."]
        return False
    if not proved:
        form.current.errors = ["That is not your current password."]
    return proved


def _needs_current_password() -> bool:
    """Not of those who have just come by a link, which an admin hands to people who lost theirs."""
    return bool(current_user.password_hash) and not (current_user.came_by_link and is_fresh())


def _page(form: PasswordForm, status: int = 200) -> Response:
    page = render_template(
        "accounts/own.html",
        form=form,
        needs_current=_needs_current_password(),
        sessions=[(row, described(row.user_agent)) for row in sessions.of_user(current_user, now())],
        this_session=digest(current_user.session_token),
    )
    return make_response(page, status)
