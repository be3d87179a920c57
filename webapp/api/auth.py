"""Programs show a token with each call. No cookie counts, so nothing here needs a CSRF token."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import g, request

from webapp.accounts import tokens
from webapp.accounts.access import public
from webapp.accounts.actors import act_as, asked_by
from webapp.accounts.models import ApiToken
from webapp.accounts.roles import Role
from webapp.api import limits
from webapp.api.problems import Problem
from webapp.clock import now
from webapp.extensions import db

View = Callable[..., Any]
CHALLENGE = 'Bearer realm="Heed"'


def bearer(role: Role) -> Callable[[View], View]:
    """Only programs whose token has this role or a higher one get to the view; others 401, 403 or 429."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            act_as(_on_its_own(_token_of_role(role)))
            return view(*args, **kwargs)

        guarded.token_role = role
        return public(guarded)

    return guard


def masked() -> bool:
    """Whether phone numbers are masked for the program that asks: a viewer's are."""
    return not Role(g.api_token.role).includes(Role.AGENT)


def _token_of_role(role: Role) -> ApiToken:
    token = _token_shown()
    limits.count(token.id, now())
    if not Role(token.role).includes(role):
        raise Problem(
            403,
            f"This call needs a token of role {role.value}; yours is of role {token.role}.",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope"'},
        )
    return token


def _on_its_own(token: ApiToken) -> ApiToken:
    """The token, after the end of the transaction that read it.

    A writing call on SQLite would hold the only write lock until its body has come in over a slow line.
    """
    db.session.expunge(token)
    db.session.rollback()
    return token


def _token_shown() -> ApiToken:
    shown = request.authorization
    if shown is None or shown.type != "bearer" or not shown.token:
        raise Problem(
            401, "Send a token as “Authorization: Bearer TOKEN”.", headers={"WWW-Authenticate": CHALLENGE}
        )
    if token := tokens.find(shown.token):
        asked_by("token", token.id)
        return token
    raise Problem(
        401,
        "This token is not known here, or was revoked.",
        headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'},
    )
