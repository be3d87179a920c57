"""The wordings that customers agree to: read by all, written by managers; what was shown is never changed."""

from flask import Response, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import actor_names, current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.consent import wordings as domain
from webapp.consent.models import Wording
from webapp.consent.wordings import ChangedMeanwhile, NameTaken
from webapp.extensions import db
from webapp.formatting import instant
from webapp.rendering import dialog, dialog_done, page_or_fragment
from webapp.settings.blueprint import bp
from webapp.settings.wording_forms import WordingForm

Answer = Response | tuple[str, int]
TAKEN = "Another wording has this name."


@bp.get("/settings/wordings")
@requires(Role.VIEWER)
def wordings() -> str:
    found = domain.all_versions()
    authors = actor_names({version.created_by for _wording, versions in found for version in versions})
    return page_or_fragment(
        "settings/wordings.html", "settings/_wordings.html", wordings=found, authors=authors
    )


@bp.get("/settings/wordings/new")
@requires(Role.MANAGER)
def new_wording() -> Answer:
    return _dialog(None, WordingForm(formdata=None))


@bp.post("/settings/wordings/new")
@requires(Role.MANAGER)
@confirmed
def add_wording() -> Answer:
    form = WordingForm()
    if not form.validate():
        return _dialog(None, form, status=422)
    try:
        wording = domain.add(form.draft, actor=current_actor(), now=clock.now())
    except NameTaken:
        db.session.rollback()
        return _taken(None, form)
    return _done(f"“{wording.name}” is added.")


@bp.get("/settings/wordings/<int:wording_id>/edit")
@requires(Role.MANAGER)
def edit_wording(wording_id: int) -> Answer:
    wording = db.get_or_404(Wording, wording_id)
    newest = domain.newest(wording)
    form = WordingForm(
        formdata=None, name=wording.name, language=newest.language, text=newest.text, version=wording.version
    )
    return _dialog(wording, form)


@bp.post("/settings/wordings/<int:wording_id>/edit")
@requires(Role.MANAGER)
@confirmed
def change_wording(wording_id: int) -> Answer:
    wording, form = db.get_or_404(Wording, wording_id), WordingForm()
    if not form.validate():
        return _dialog(wording, form, status=422)
    try:
        domain.change(
            wording, form.draft, version=form.version.data or 0, actor=current_actor(), now=clock.now()
        )
    except NameTaken:
        db.session.rollback()
        return _taken(wording, form)
    except ChangedMeanwhile as meanwhile:
        form.version.data = wording.version
        return _dialog(wording, form, notice=_meanwhile(meanwhile), status=409)
    return _done(f"“{wording.name}” is saved: version {wording.version}.")


@bp.post("/settings/wordings/<int:wording_id>/retired")
@requires(Role.MANAGER)
@confirmed
def retire_wording(wording_id: int) -> Answer:
    """The wanted state is posted, so that a second click changes nothing."""
    wording, retired = db.get_or_404(Wording, wording_id), request.form.get("retired") == "1"
    domain.retire(wording, retired, actor=current_actor(), now=clock.now())
    return _done(f"“{wording.name}” is {'offered no more' if retired else 'offered again'}.")


def _meanwhile(meanwhile: ChangedMeanwhile) -> str:
    newest = meanwhile.newest
    by = actor_names([newest.created_by])[newest.created_by]
    return (
        f"{by} saved version {newest.version} meanwhile, {instant(newest.created_at)}: “{newest.text}” "
        "Yours is below: save again to make it the next version."
    )


def _taken(wording: Wording | None, form: WordingForm) -> Answer:
    form.name.errors = [TAKEN]
    return _dialog(wording, form, status=422)


def _dialog(wording: Wording | None, form: WordingForm, *, notice: str = "", status: int = 200) -> Answer:
    return dialog(
        "settings/_wording_dialog.html",
        title="Edit wording" if wording else "New wording",
        status=status,
        wording=wording,
        form=form,
        errors={"name": "", "language": "", "text": ""} | {name: it[0] for name, it in form.errors.items()},
        notice=notice,
    )


def _done(message: str) -> Response:
    db.session.commit()
    return dialog_done(message, location=url_for("settings.wordings"), events={"wordings:changed": True})
