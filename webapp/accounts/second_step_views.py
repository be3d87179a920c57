"""One's own second step: setting it up, new recovery codes, switching it off."""

import base64

import segno
from flask import Response, flash, make_response, render_template, request, session, url_for
from flask_login import current_user

from webapp.accounts import second_step, sessions, totp, trail
from webapp.accounts.access import requires
from webapp.accounts.account_event import Happened
from webapp.accounts.blueprint import bp
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.accounts.second_step import WrongCode
from webapp.clock import now
from webapp.extensions import db
from webapp.rendering import see_other

PENDING = "second_step"
"""Where this browser keeps a secret that no code has proved yet: its owner has it on the screen anyway."""


@bp.get("/users/me/second-step", endpoint="second_step")
@requires(Role.VIEWER, owing=True)
def show() -> Response:
    return _page()


@bp.post("/users/me/second-step")
@requires(Role.VIEWER, owing=True)
@confirmed
def switch_on_second_step() -> Response:
    """Other browsers are signed out: whoever is in one of them, or has a copy of the cookie of this one, has
    shown no second step."""
    try:
        codes = second_step.switch_on(current_user, _secret(), request.form.get("code", ""), now())
    except WrongCode:
        return _page(422, "That is not the code that the app shows now.")
    sessions.revoke_all(current_user, now(), but=current_user.session_token)
    sessions.renew(current_user, now())
    trail.record(Happened.SECOND_STEP_ON, current_user)
    db.session.commit()
    session.pop(PENDING)
    return _codes_page(codes)


@bp.post("/users/me/second-step/recovery-codes")
@requires(Role.VIEWER)
@confirmed
def renew_recovery_codes() -> Response:
    if not second_step.is_on(current_user):
        return see_other(url_for(".second_step"))
    codes = second_step.renew_recovery_codes(current_user)
    trail.record(Happened.RECOVERY_CODES, current_user)
    db.session.commit()
    return _codes_page(codes)


@bp.post("/users/me/second-step/off")
@requires(Role.VIEWER)
@confirmed
def switch_off_second_step() -> Response:
    if second_step.is_on(current_user):
        trail.record(Happened.SECOND_STEP_OFF, current_user)
    second_step.switch_off(current_user)
    db.session.commit()
    flash("Your second step is off: the password alone signs you in.")
    return see_other(url_for(".own"))


def _secret() -> bytes:
    """The same one until a code proves that an app has it, so that a page loaded again fits the app."""
    kept = session.setdefault(PENDING, base64.b64encode(second_step.new_secret()).decode())
    return base64.b64decode(kept)


def _page(status: int = 200, problem: str = "") -> Response:
    if second_step.is_on(current_user):
        left = second_step.recovery_codes_left(current_user)
        return make_response(render_template("accounts/second_step.html", left=left), status)
    secret = _secret()
    page = render_template(
        "accounts/set_up_second_step.html", problem=problem, picture=_picture(secret),
        letters=totp.readable(secret), owed=current_user.owes_second_step,
    )  # fmt: skip
    return make_response(page, status)


def _codes_page(codes: list[str]) -> Response:
    return make_response(render_template("accounts/recovery_codes.html", codes=codes))


def _picture(secret: bytes) -> str:
    """The QR code as an address of its own, so that a page holds it as a picture."""
    code = segno.make(totp.address(secret, current_user.email, "Heed"), micro=False)
    return str(code.svg_data_uri(border=3, light="#fff", omitsize=True))
