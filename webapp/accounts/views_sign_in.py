"""Signing in by password or by link, and signing out."""

import math
from datetime import timedelta

from flask import Response, flash, make_response, render_template, request, url_for
from flask_login import current_user

from webapp.accounts import links, sessions
from webapp.accounts.access import inward, public
from webapp.accounts.blueprint import bp
from webapp.accounts.forms import SignInForm
from webapp.accounts.proving import authenticate
from webapp.accounts.throttle import TooManyFailures
from webapp.clock import now
from webapp.database import writing
from webapp.extensions import db
from webapp.rendering import see_other

WRONG = "E-mail or password is wrong."
SPENT = "This sign-in link was used already or is older than 15 minutes. Ask for a new one."


@bp.get("/sign-in")
@public
def sign_in() -> Response:
    form = SignInForm(next=request.args.get("next", ""))
    if current_user.is_authenticated:
        return see_other(inward(form.next.data or ""))
    return page(form)


@bp.post("/sign-in")
@public
def begin_session() -> Response:
    form = SignInForm(request.form)
    if not form.validate():
        return page(form, 422)
    try:
        user = authenticate(form.email.data, form.password.data)
    except TooManyFailures as refused:
        return too_many(form, refused.wait)
    if user is None:
        return page(form, 422, WRONG)
    sessions.sign_in(user, user_agent=request.user_agent.string, now=now())
    db.session.commit()
    return see_other(inward(form.next.data or ""))


@bp.get("/sign-in/<token>")
@public
def sign_in_link(token: str) -> Response:
    if only_a_look():
        return make_response("", 204)
    with writing():
        user = links.redeem(token, now())
        if user:
            sessions.sign_in(user, user_agent=request.user_agent.string, now=now())
        db.session.commit()
    return see_other(url_for("home")) if user else page(SignInForm(), 410, SPENT)


@bp.get("/sign-out")
@public
def ask_sign_out() -> str:
    return render_template("accounts/sign_out.html")


@bp.post("/sign-out")
@public
def sign_out() -> Response:
    sessions.sign_out(now())
    db.session.commit()
    flash("You are signed out.")
    return see_other(url_for(".sign_in"))


def only_a_look() -> bool:
    """Programs that preview or prefetch a link do not use it up."""
    return request.method == "HEAD" or request.headers.get("Sec-Purpose", "").startswith("prefetch")


def too_many(form: SignInForm, wait: timedelta) -> Response:
    response = page(form, 429, f"Too many failed attempts. Try again {in_words(wait)}.")
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def in_words(wait: timedelta) -> str:
    minutes = math.ceil(wait.total_seconds() / 60)
    return "in a minute" if minutes == 1 else f"in {minutes} minutes"


def page(form: SignInForm, status: int = 200, problem: str = "") -> Response:
    return make_response(render_template("accounts/sign_in.html", form=form, problem=problem), status)
