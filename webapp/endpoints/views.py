"""The pages of endpoints, for admins: the list, one endpoint with its log, and what changes it."""

from flask import Response, current_app, flash, render_template, request, url_for

from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.clock import now
from webapp.config import Settings
from webapp.endpoints import endpoints, forms, keyring, listing
from webapp.endpoints.blueprint import bp
from webapp.endpoints.endpoints import ChangedMeanwhile
from webapp.endpoints.forms import Draft
from webapp.endpoints.models import Endpoint
from webapp.extensions import db, htmx
from webapp.rendering import dialog, dialog_done, see_other

Answer = Response | tuple[str, int]
CHANGED = {"endpoints:changed": True}


@bp.get("")
@requires(Role.ADMIN)
def index() -> str:
    return render_template("endpoints/index.html", listed=listing.every(), types=listing.TYPES)


@bp.get("/<int:endpoint_id>")
@requires(Role.ADMIN)
def show(endpoint_id: int) -> str:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    lines, following = listing.log(endpoint_id, request.args.get("before", type=int))
    return render_template(
        "endpoints/show.html", it=listing.listed(endpoint), endpoint=endpoint, lines=lines,
        following=following, types=listing.TYPES, both_sign=_both_sign(endpoint),
        readable=keyring.is_readable(endpoint),
    )  # fmt: skip


@bp.get("/new")
@requires(Role.ADMIN)
def new() -> Answer:
    return _form_dialog(forms.empty())


@bp.post("/new")
@requires(Role.ADMIN)
@confirmed
def create() -> Answer:
    """The answer shows the secret, this once."""
    draft = forms.draft_in(request.form, private=settings().endpoints_private)
    if draft.errors:
        return _form_dialog(draft, status=422)
    endpoint, secret = endpoints.create(draft.wishes, actor=current_actor(), now=now())
    db.session.commit()
    return _secret_dialog(endpoint, secret)


@bp.get("/<int:endpoint_id>/edit")
@requires(Role.ADMIN)
def edit(endpoint_id: int) -> Answer:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    return _form_dialog(forms.draft_of(endpoint), endpoint, version=endpoint.version)


@bp.post("/<int:endpoint_id>/edit")
@requires(Role.ADMIN)
@confirmed
def update(endpoint_id: int) -> Answer:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    version = request.form.get("version", default=0, type=int)
    draft = forms.draft_in(request.form, private=settings().endpoints_private)
    if draft.errors:
        return _form_dialog(draft, endpoint, version=version, status=422)
    try:
        endpoints.change(endpoint, draft.wishes, version=version, actor=current_actor(), now=now())
    except ChangedMeanwhile:
        fresh = Draft(draft.wishes, {"name": "Somebody else changed this meanwhile. Save again to put yours "
                                             "in its place."})  # fmt: skip
        return _form_dialog(fresh, endpoint, version=endpoint.version, status=422)
    db.session.commit()
    return _done("The endpoint is changed.", endpoint)


@bp.get("/<int:endpoint_id>/secret")
@requires(Role.ADMIN)
def ask_rotate(endpoint_id: int) -> Answer:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    return dialog(
        "endpoints/_rotate_dialog.html", title="New secret", endpoint=endpoint,
        readable=keyring.is_readable(endpoint),
    )  # fmt: skip


@bp.post("/<int:endpoint_id>/secret")
@requires(Role.ADMIN)
@confirmed
def rotate(endpoint_id: int) -> Answer:
    """The answer shows the new secret, this once."""
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    secret = endpoints.rotate(endpoint, actor=current_actor(), now=now())
    db.session.commit()
    return _secret_dialog(endpoint, secret)


@bp.post("/<int:endpoint_id>/pause")
@requires(Role.ADMIN)
def pause(endpoint_id: int) -> Response:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    endpoints.pause(endpoint, actor=current_actor(), now=now())
    db.session.commit()
    return _back(endpoint, "Nothing is sent to it until you resume it.")


@bp.post("/<int:endpoint_id>/resume")
@requires(Role.ADMIN)
def resume(endpoint_id: int) -> Response:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    endpoints.resume(endpoint, actor=current_actor(), now=now())
    db.session.commit()
    return _back(endpoint, "It goes on where it stopped.")


@bp.get("/<int:endpoint_id>/replay")
@requires(Role.ADMIN)
def ask_replay(endpoint_id: int) -> Answer:
    return _replay_dialog(db.get_or_404(Endpoint, endpoint_id))


@bp.post("/<int:endpoint_id>/replay")
@requires(Role.ADMIN)
def replay(endpoint_id: int) -> Answer:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    wanted = forms.replay_in(request.form)
    if wanted.error:
        return _replay_dialog(endpoint, wanted.error, 422)
    by = {"actor": current_actor(), "now": now()}
    if wanted.moment:
        endpoints.replay_from_time(endpoint, wanted.moment, **by)
    else:
        endpoints.replay_from_event(endpoint, wanted.event_id or 1, **by)
    db.session.commit()
    return _done("It goes on from there.", endpoint)


@bp.get("/<int:endpoint_id>/delete")
@requires(Role.ADMIN)
def ask_delete(endpoint_id: int) -> Answer:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    return dialog("endpoints/_delete_dialog.html", title="Delete endpoint", it=listing.listed(endpoint))


@bp.post("/<int:endpoint_id>/delete")
@requires(Role.ADMIN)
@confirmed
def delete(endpoint_id: int) -> Response:
    endpoint = db.get_or_404(Endpoint, endpoint_id)
    name = endpoint.name
    endpoints.remove(endpoint, actor=current_actor(), now=now())
    db.session.commit()
    flash(f"The endpoint “{name}” is deleted.")
    location = url_for(".index")
    return Response("", 204, {"HX-Redirect": location}) if htmx else see_other(location)


def settings() -> Settings:
    return current_app.config["HEED"]


def _both_sign(endpoint: Endpoint) -> bool:
    return endpoint.old_secret_until is not None and now() < endpoint.old_secret_until


def _form_dialog(
    draft: Draft, endpoint: Endpoint | None = None, *, version: int | None = None, status: int = 200
) -> Answer:
    title = "Edit endpoint" if endpoint else "Add endpoint"
    return dialog(
        "endpoints/_form_dialog.html", title=title, status=status, wishes=draft.wishes, errors=draft.errors,
        endpoint=endpoint, types=listing.TYPES, version=version,
    )  # fmt: skip


def _secret_dialog(endpoint: Endpoint, secret: str) -> Answer:
    return dialog("endpoints/_secret_dialog.html", title="Secret", endpoint=endpoint, secret=secret)


def _replay_dialog(endpoint: Endpoint, error: str = "", status: int = 200) -> Answer:
    return dialog(
        "endpoints/_replay_dialog.html", title="Replay", status=status, endpoint=endpoint, error=error,
        event=request.form.get("event", "")[:20], time=request.form.get("time", "")[:30],
    )  # fmt: skip


def _done(said: str, endpoint: Endpoint) -> Response:
    return dialog_done(said, location=url_for(".show", endpoint_id=endpoint.id), events=CHANGED)


def _back(endpoint: Endpoint, said: str) -> Response:
    flash(said)
    return see_other(url_for(".show", endpoint_id=endpoint.id))
