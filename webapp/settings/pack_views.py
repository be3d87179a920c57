"""The word packs: what each holds and where it comes from, and one that somebody imports from a file."""

from flask import Response, flash, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.confirming import confirmed
from webapp.accounts.roles import Role
from webapp.consent import pack_changes, pack_records, policy
from webapp.consent.pack_files import LARGEST_FILE, SHAPE, UnusablePack, read_pack
from webapp.extensions import db
from webapp.rendering import see_other
from webapp.settings.blueprint import bp


@bp.get("/settings/packs")
@requires(Role.VIEWER)
def packs() -> str:
    return _page()


@bp.post("/settings/packs")
@requires(Role.MANAGER)
@confirmed
def import_pack() -> Response | tuple[str, int]:
    try:
        pack = read_pack(_file())
        pack_changes.bring(pack, actor=current_actor(), now=clock.now())
    except UnusablePack as problem:
        db.session.rollback()
        return _page(str(problem)), 422
    db.session.commit()
    flash(f"{pack.name} is imported. Switch it on in the Opt-In / Opt-Out settings.")
    return see_other(url_for("settings.packs"))


@bp.post("/settings/packs/remove")
@requires(Role.MANAGER)
@confirmed
def remove_pack() -> Response:
    pack_changes.remove(request.form.get("key", ""), actor=current_actor(), now=clock.now())
    db.session.commit()
    flash("The pack is removed.")
    return see_other(url_for("settings.packs"))


def _file() -> bytes:
    given = request.files.get("file")
    if given is None or not given.filename:
        raise UnusablePack("Choose a file first.")
    return given.stream.read(LARGEST_FILE + 1)


def _page(error: str = "") -> str:
    return render_template(
        "settings/packs.html",
        packs=list(pack_records.available().values()),
        on=policy.current().packs,
        error=error,
        shape=SHAPE,
    )
