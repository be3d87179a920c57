"""Bringing a file: the list of imports with its form, and the upload."""

from flask import Response, render_template, request, url_for

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers.filters import row_id
from webapp.customers.importing import UnusableFile
from webapp.extensions import db, htmx
from webapp.imports import lines, options, stages, uploads
from webapp.imports.blueprint import bp
from webapp.imports.uploads import LARGEST_FILE, UnusableUpload
from webapp.rendering import see_other
from webapp.security import takes_a_large_file
from webapp.transactions import read_first

SAMPLE = """\
phone,name,tags,consent,evidence,given_at,attr:City
+55 11 96123-4567,Ana Souza,newsletter;vip,opted_in,Sign-up form of the shop,2026-03-31,São Paulo
+49 1512 3456789,Jonas Weber,newsletter,opted_in,Paper form no. 118,2026-04-02,Berlin
+34 612 34 56 78,Lucía Ortega,,opted_out,,,Madrid
+44 7911 123456,Amir Khan,vip,,,,Leeds
"""


@bp.post("")
@requires(Role.MANAGER)
@takes_a_large_file(LARGEST_FILE)
def upload() -> Response | tuple[str, int]:
    """The file is stored before anybody is kept from writing; then its columns are guessed."""
    given = request.files.get("file")
    db.session.rollback()
    try:
        if given is None or not given.filename:
            raise UnusableUpload("Choose a file first.")
        stored = uploads.keep(given.stream, given.filename)
    except UnusableUpload as fault:
        return _refused(str(fault))
    try:
        path = uploads.path(stored.stored)
        said = read_first(lambda: options.guessed(path, stages.country_said_last()))
        found = stages.create(stored, said, actor=current_actor(), now=clock.now())
        db.session.commit()
    except UnusableFile as fault:
        uploads.forget(stored.stored)
        return _refused(str(fault))
    location = url_for("imports.show", import_id=found.id)
    return Response("", 204, {"HX-Redirect": location}) if htmx else see_other(location)


@bp.get("/sample")
@requires(Role.VIEWER)
def sample() -> Response:
    """A file to look at, or to write one's own list into."""
    content = SAMPLE.encode("utf-8-sig")  # spreadsheets know UTF-8 by its mark
    response = Response(content, mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="sample.csv"'
    return response


def page(error: str = "") -> str:
    found, following = lines.page(row_id(request.args.get("before", "")))
    template = "imports/_upload.html" if error and htmx.partial else "imports/index.html"
    return render_template(template, imports=found, next=following, error=error, most_bytes=LARGEST_FILE)


def _refused(why: str) -> tuple[str, int]:
    db.session.rollback()
    return page(why), 422
