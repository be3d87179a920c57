"""API tokens: the list, adding with the secret shown once, revoking. For admins."""

from flask import Response, request, url_for

from webapp.accounts import tokens, trail
from webapp.accounts.access import requires
from webapp.accounts.account_event import Happened
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.blueprint import bp
from webapp.accounts.confirming import confirmed
from webapp.accounts.forms import TokenForm
from webapp.accounts.models import ApiToken
from webapp.accounts.roles import Role
from webapp.accounts.tokens import UnfitName
from webapp.clock import now
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, page_or_fragment

Answer = Response | tuple[str, int]


@bp.get("/tokens", endpoint="tokens")
@requires(Role.ADMIN)
def index() -> str:
    found = tokens.every()
    names = actor_names(token.created_by for token in found)
    return page_or_fragment("accounts/tokens.html", "accounts/_tokens.html", tokens=found, names=names)


@bp.get("/tokens/new")
@requires(Role.ADMIN)
def new_token() -> Answer:
    return _new(TokenForm())


@bp.post("/tokens/new")
@requires(Role.ADMIN)
@confirmed
def create_token() -> Answer:
    """The answer shows the secret, this once; only its digest is kept."""
    form = TokenForm(request.form)
    if not form.validate():
        return _new(form, 422)
    try:
        token, secret = tokens.create(form.name.data, form.wanted_role, actor=current_actor(), now=now())
    except UnfitName as refused:
        form.name.errors = [str(refused)]
        return _new(form, 422)
    trail.record(Happened.ADDED, token, detail=token.role)
    db.session.commit()
    return dialog("accounts/_secret.html", title="API token", token=token, secret=secret)


@bp.get("/tokens/<int:token_id>/revoke")
@requires(Role.ADMIN)
def ask_revoke(token_id: int) -> Answer:
    token = db.get_or_404(ApiToken, token_id)
    return dialog("accounts/_revoke_token.html", title="Revoke token", token=token)


@bp.post("/tokens/<int:token_id>/revoke")
@requires(Role.ADMIN)
@confirmed
def revoke_token(token_id: int) -> Answer:
    token = db.get_or_404(ApiToken, token_id)
    if not token.revoked_at:
        trail.record(Happened.TOKEN_REVOKED, token)
    tokens.revoke(token, now())
    db.session.commit()
    message = f"The token “{token.name}” is revoked."
    return dialog_done(message, location=url_for(".tokens"), events={"tokens:changed": True})


def _new(form: TokenForm, status: int = 200) -> Answer:
    return dialog("accounts/_new_token.html", title="Add token", status=status, form=form)
