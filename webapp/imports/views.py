"""Imports: the list with the upload, and one page for each that shows what comes next."""

from typing import Any

from flask import Response, abort, current_app, flash, render_template, request, url_for

from webapp import clock, tasks
from webapp.accounts.access import may, requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers.downloads import disclosed
from webapp.extensions import db
from webapp.imports import lines, stages, step_views, upload_views, uploads
from webapp.imports.blueprint import bp
from webapp.imports.models import Import, ImportState
from webapp.imports.stages import Elsewhere
from webapp.rendering import see_other

__all__ = ["bp", "step_views", "upload_views"]
FASTER = "A colleague went on with it meanwhile. This is how it stands now."


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return upload_views.page()


@bp.get("/<int:import_id>")
@requires(Role.VIEWER)
def show(import_id: int) -> str | tuple[str, int]:
    """What comes next, by the state; what stands in the file is shown to those who may import it."""
    found = db.get_or_404(Import, import_id)
    if found.state == ImportState.UPLOADED and may(Role.MANAGER):
        return step_views.columns_page(found)
    return render_template("imports/show.html", **lines.of_one(found, clock.now()))


@bp.post("/<int:import_id>/back")
@requires(Role.MANAGER)
def back(import_id: int) -> Response:
    try:
        stages.back(db.get_or_404(Import, import_id))
    except Elsewhere:
        return _faster(import_id)
    db.session.commit()
    return _to(import_id)


@bp.post("/<int:import_id>/start")
@requires(Role.MANAGER)
def start(import_id: int) -> Response:
    """`version` is the one whose dry run somebody saw. A second click finds the first one's run."""
    found = db.get_or_404(Import, import_id)
    version = request.form.get("version", default=-1, type=int)
    try:
        stages.start(found, version=version, actor=current_actor(), now=clock.now())
    except Elsewhere:
        return _faster(import_id)
    db.session.commit()
    tasks.enqueue(current_app, "import", import_id)
    return _to(import_id)


@bp.post("/<int:import_id>/cancel")
@requires(Role.MANAGER)
def cancel(import_id: int) -> Response:
    stopped = stages.cancel(db.get_or_404(Import, import_id), clock.now())
    db.session.commit()
    if stopped:
        tasks.enqueue(current_app, "import", import_id)  # to put it to its end, if nobody is at it
    flash("Cancelled. What came in by then stays." if stopped else "It had ended already.")
    return _to(import_id)


@bp.post("/<int:import_id>/discard")
@requires(Role.MANAGER)
def discard(import_id: int) -> Response:
    try:
        stored = stages.discard(db.get_or_404(Import, import_id))
    except Elsewhere:
        return _faster(import_id)
    db.session.commit()
    uploads.forget_all(stored)
    flash("The file is forgotten. Nothing of it came in.")
    return see_other(url_for("imports.index"))


@bp.get("/<int:import_id>/refused")
@requires(Role.MANAGER)
def refused(import_id: int) -> Response:
    """The rows that were refused or taken in part, with their reasons, to be mended and brought again."""
    found = db.get_or_404(Import, import_id)
    path = uploads.refused_path(found.stored)
    if not path.exists():
        abort(404)
    listed = found.counts.get("listed", 0)
    written = path.open(encoding="utf-8", errors="surrogateescape", newline="")
    told: Any = (line.encode("utf-8", "surrogateescape") for line in written)
    name = f"refused-rows-of-import-{found.id}"
    response = disclosed("import_refused", name, told, filter=f"import {found.id}", rows=listed)
    response.call_on_close(written.close)
    return response


def _to(import_id: int) -> Response:
    return see_other(url_for("imports.show", import_id=import_id))


def _faster(import_id: int) -> Response:
    """Nothing is said to who pressed twice: the page tells."""
    db.session.rollback()
    found = db.session.get(Import, import_id)
    if found is None:
        return see_other(url_for("imports.index"))
    if found.state in (ImportState.UPLOADED, ImportState.CHECKED):
        flash(FASTER)
    return _to(import_id)
