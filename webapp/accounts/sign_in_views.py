"""Signing in by password or by link, and signing out."""

import math
from datetime import timedelta

from flask import Response, flash, make_response, render_template, request, url_for
from flask_login import current_user

from webapp.accounts import halfway, known, links, second_step, sessions, trail
from webapp.accounts.access import inward, public
from webapp.accounts.account_event import Happened
from webapp.accounts.blueprint import bp
from webapp.accounts.browsers import described
from webapp.accounts.forms import SignInForm
from webapp.accounts.models import User
from webapp.accounts.proving import authenticate, knows_code
from webapp.accounts.throttle import TooManyFailures, in_words
from webapp.clock import now
from webapp.database import writing
from webapp.extensions import db
from webapp.rendering import see_other

WRONG = "E-mail or password is wrong."
WRONG_CODE = "That is not a code that works now. Codes work once and for about a minute."
TOO_LATE = "That took too long. Sign in again."
TOO_MANY = "Too many failed attempts. Try again {}."
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
        return patient(page(form, 429, TOO_MANY.format(in_words(refused.wait))), refused.wait)
    if user is None:
        return page(form, 422, WRONG)
    return let_in(user, inward(form.next.data or ""))


@bp.get("/sign-in/<token>")
@public
def sign_in_link(token: str) -> Response:
    if only_a_look():
        return make_response("", 204)
    with writing():
        user = links.redeem(token, now())
        if user:
            return let_in(user, url_for("home"), by_link=True)
        db.session.commit()
    return page(SignInForm(), 410, SPENT)


@bp.get("/sign-in/second-step")
@public
def ask_code() -> Response:
    return code_page() if halfway.find(now()) else see_other(url_for(".sign_in"))


@bp.post("/sign-in/second-step")
@public
def take_code() -> Response:
    user = halfway.find(now())
    if user is None:
        return page(SignInForm(), 410, TOO_LATE)
    try:
        known = knows_code(user, request.form.get("code", ""))
    except TooManyFailures as refused:
        return patient(code_page(429, TOO_MANY.format(in_words(refused.wait))), refused.wait)
    if not known:
        return code_page(422, WRONG_CODE)
    return begin_session_of(user, halfway.next(), by_link=halfway.came_by_link())


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


def let_in(user: User, location: str, *, by_link: bool = False) -> Response:
    """Who has shown a password or a link: in, or to the second step."""
    if not second_step.is_on(user):
        return begin_session_of(user, location, by_link=by_link)
    sessions.sign_out(now())
    halfway.begin(user, location, now(), by_link=by_link)
    db.session.commit()
    return see_other(url_for(".ask_code"))


def begin_session_of(user: User, location: str, *, by_link: bool) -> Response:
    sessions.sign_in(user, user_agent=request.user_agent.string, now=now(), by_link=by_link)
    if not known.knows(user):
        trail.record(Happened.NEW_BROWSER, user, detail=described(request.user_agent.string))
    db.session.commit()
    trail.note(f"signed in by {_factors(user, by_link)}", user)
    response = see_other(location)
    known.remember(response, user)
    return response


def _factors(user: User, by_link: bool) -> str:
    first = "link" if by_link else "password"
    return f"{first} and code" if second_step.is_on(user) else first


def patient(response: Response, wait: timedelta) -> Response:
    """Say when to try again."""
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def code_page(status: int = 200, problem: str = "") -> Response:
    return make_response(render_template("accounts/code.html", problem=problem), status)


def page(form: SignInForm, status: int = 200, problem: str = "") -> Response:
    return make_response(render_template("accounts/sign_in.html", form=form, problem=problem), status)
