"""Who may see which page: every view is either `public` or `requires` a role; any other is closed."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, flash, make_response, redirect, request, url_for
from flask_login import current_user

from webapp.accounts import sessions
from webapp.accounts.roles import Role
from webapp.clock import now
from webapp.extensions import htmx

View = Callable[..., Any]


def init_app(app: Flask) -> None:
    app.before_request(close_what_nobody_opened)


def close_what_nobody_opened() -> None:
    """A view that does not say who may call it is answered as if it were not there."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view and not (hasattr(view, "public") or hasattr(view, "required_role")):
        abort(404)


def public(view: View) -> View:
    """Mark a view that needs nobody signed in, or asks for a proof of its own (a signature, a token)."""
    view.public = True
    return view


def requires(role: Role, *, owing: bool = False) -> Callable[[View], View]:
    """Only users of this role or a higher one get to the view; others to the sign-in page, or 403.

    With `owing` also those who have yet to set up the second step that the desk asks of them.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not current_user.is_authenticated:
                return sign_in_first()
            if not may(role):
                abort(403)
            if current_user.owes_second_step and not owing:
                return _elsewhere(url_for("accounts.second_step"), "Set up your second step first.", 403)
            if not htmx.unasked:
                sessions.keep_alive(current_user, now())
            return view(*args, **kwargs)

        guarded.required_role = role
        return guarded

    return guard


def may(role: str) -> bool:
    """Whether the person who is signed in has this role or a higher one; for templates."""
    return current_user.is_authenticated and Role(current_user.role).includes(Role(role))


def sign_in_first() -> Response:
    """To the sign-in page and back. htmx would put that page into a table row, so it is told to go there."""
    location = url_for("accounts.sign_in", next=_asked_for())
    if not htmx and request.method == "POST":
        flash("You are signed out, so nothing was saved. Sign in and do it once more.")
    return _elsewhere(location, "You are signed out. Sign in and do it once more.", 401)


def inward(path: str) -> str:
    """`path` if it leads to a page of this desk, else `/`. Browsers read a backslash as `/` and drop tabs."""
    absolute = path.startswith("/") and not path.startswith("//")
    harmless = "\\" not in path and all(sign.isprintable() for sign in path)
    return path if absolute and harmless else "/"


def _elsewhere(location: str, why: str, status: int) -> Response:
    """To another page; a script is told so with this status."""
    if not htmx:
        return make_response(redirect(location, 303))
    response = make_response(why, status)
    response.mimetype = "text/plain"
    response.headers["HX-Redirect"] = location
    return response


def _asked_for() -> str | None:
    """The page that the person was on; None for the first one."""
    if htmx:
        url = urlsplit(htmx.current_url or "")
        here, query = url.path, url.query
    elif request.method == "GET":
        here, query = request.path, request.query_string.decode("ascii", "replace")
    else:
        return None
    path = inward(f"{here}?{query}" if query else here)
    return path if path != "/" else None
