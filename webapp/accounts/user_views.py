"""Users: the list, adding, role, disabling, one-time links, ending sessions. For admins."""

from typing import Any

from flask import Response, request, url_for

from webapp.accounts import links, second_step, sessions, trail, users
from webapp.accounts.access import requires
from webapp.accounts.account_event import Happened
from webapp.accounts.blueprint import bp
from webapp.accounts.confirming import confirmed
from webapp.accounts.forms import OF_WHOM, NewUserForm, UserForm
from webapp.accounts.links import UserIsDisabled
from webapp.accounts.models import User
from webapp.accounts.roles import Role
from webapp.accounts.users import EmailTaken, LastAdmin, UnfitEmail
from webapp.clock import now
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, page_or_fragment

Answer = Response | tuple[str, int]


@bp.get("/users", endpoint="users")
@requires(Role.ADMIN)
def index() -> str:
    return page_or_fragment(
        "accounts/users.html", "accounts/_users.html", users=users.every(), sessions=sessions.counts(now()),
        rules=second_step.rules(), of_whom=[(role, words.capitalize()) for role, words in OF_WHOM.items()],
    )  # fmt: skip


@bp.get("/users/new")
@requires(Role.ADMIN)
def new_user() -> Answer:
    return _new(NewUserForm())


@bp.post("/users/new")
@requires(Role.ADMIN)
@confirmed
def create_user() -> Answer:
    """The answer shows the new user's sign-in link, to hand over."""
    form = NewUserForm(request.form)
    if not form.validate():
        return _new(form, 422)
    try:
        user = users.create(form.email.data, form.wanted_role, name=form.name.data or "", now=now())
    except (UnfitEmail, EmailTaken) as refused:
        form.email.errors = [str(refused)]
        return _new(form, 422)
    trail.record(Happened.ADDED, user, detail=user.role)
    return _link(user)


@bp.get("/users/<int:user_id>/edit")
@requires(Role.ADMIN)
def edit_user(user_id: int) -> Answer:
    user = db.get_or_404(User, user_id)
    return _edit(user, UserForm(name=user.name, role=user.role))


@bp.post("/users/<int:user_id>/edit")
@requires(Role.ADMIN)
@confirmed
def change_user(user_id: int) -> Answer:
    user = db.get_or_404(User, user_id)
    form = UserForm(request.form)
    if not form.validate():
        return _edit(user, form, 422)
    role, named = user.role, user.name
    try:
        users.change(user, name=form.name.data or "", role=form.wanted_role, now=now())
    except LastAdmin as refused:
        form.role.errors = [str(refused)]
        return _edit(user, form, 422)
    if user.role != role:
        trail.record(Happened.ROLE, user, detail=f"{user.role}, was {role}")
    if user.name != named:
        trail.record(Happened.NAME, user)
    return done(f"{user.label} is saved.")


@bp.post("/users/<int:user_id>/disable")
@requires(Role.ADMIN)
@confirmed
def disable_user(user_id: int) -> Answer:
    user = db.get_or_404(User, user_id)
    try:
        did = users.disable(user, now())
    except LastAdmin as refused:
        return _edit(user, UserForm(name=user.name, role=user.role), 422, str(refused))
    happened = Happened.DISABLED if did else None
    return done(f"{user.label} is disabled and signed out everywhere.", happened, user)


@bp.post("/users/<int:user_id>/enable")
@requires(Role.ADMIN)
@confirmed
def enable_user(user_id: int) -> Answer:
    user = db.get_or_404(User, user_id)
    happened = Happened.ENABLED if users.enable(user) else None
    return done(f"{user.label} can sign in again.", happened, user)


@bp.post("/users/<int:user_id>/sessions/end")
@requires(Role.ADMIN)
@confirmed
def end_sessions(user_id: int) -> Answer:
    user = db.get_or_404(User, user_id)
    sessions.revoke_all(user, now())
    return done(f"{user.label} is signed out everywhere.", Happened.SESSIONS_ENDED, user)


@bp.post("/users/<int:user_id>/link")
@requires(Role.ADMIN)
@confirmed
def make_link(user_id: int) -> Answer:
    user = db.get_or_404(User, user_id)
    try:
        return _link(user)
    except UserIsDisabled as refused:
        return _edit(user, UserForm(name=user.name, role=user.role), 422, str(refused))


def _new(form: NewUserForm, status: int = 200) -> Answer:
    return dialog("accounts/_new_user.html", title="Add user", status=status, form=form)


def _edit(user: User, form: UserForm, status: int = 200, problem: str = "") -> Answer:
    context: dict[str, Any] = {"user": user, "form": form, "problem": problem}
    context["sessions"] = len(sessions.of_user(user, now()))
    return dialog("accounts/_edit_user.html", title="Edit user", status=status, **context)


def _link(user: User) -> Answer:
    """The link is shown this once; only its digest is kept."""
    url = url_for(".sign_in_link", token=links.create(user, now()), _external=True)
    trail.record(Happened.LINK, user)
    db.session.commit()
    return dialog("accounts/_link.html", title="Sign-in link", user=user, url=url)


def done(message: str, kind: Happened | None = None, user: User | None = None) -> Response:
    """The change is committed, and with it that it happened."""
    if kind:
        trail.record(kind, user)
    db.session.commit()
    return dialog_done(message, location=url_for(".users"), events={"users:changed": True})
