"""Saying what the columns of a file are, and having it checked."""

from typing import Any

from flask import Response, current_app, render_template, request, url_for

from webapp import clock, tasks
from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.customers.importing import UnusableFile
from webapp.customers.importing.table_file import ATTRIBUTE
from webapp.customers.models import AttributeType
from webapp.customers.search import fold
from webapp.extensions import db
from webapp.imports import countries, forms, guessing, lines, looking, options, running, stages, uploads
from webapp.imports.blueprint import bp
from webapp.imports.models import Import
from webapp.imports.options import LABELS, Options
from webapp.imports.stages import Elsewhere
from webapp.rendering import see_other
from webapp.transactions import read_first

AT_ONCE = 2_000
"""Rows that the request itself checks: about a second. The worker does the rest."""


@bp.get("/<int:import_id>/columns")
@requires(Role.VIEWER)
def columns(import_id: int) -> Response:
    """Where a form with a fault was sent to; the page itself is the import's."""
    return see_other(url_for("imports.show", import_id=import_id))


@bp.post("/<int:import_id>/columns")
@requires(Role.MANAGER)
def say(import_id: int) -> Response | tuple[str, int]:
    """Keep what was said; `then=check` has the file checked. Another way of reading it guesses afresh."""
    try:
        said, errors, read_alike = read_first(lambda: _said(db.get_or_404(Import, import_id)))
    except UnusableFile as fault:
        return _columns(import_id, {"encoding": str(fault)})
    checking = read_alike and request.form.get("then") == "check"
    if checking and errors:
        return _columns(import_id, errors, said)
    try:
        large = _go_on(db.get_or_404(Import, import_id), said, checking=checking)
    except Elsewhere:
        db.session.rollback()
        return see_other(url_for("imports.show", import_id=import_id))
    if checking and (large or running.go_on(import_id, clock.now)):
        tasks.enqueue(current_app, "import", import_id)
    return see_other(url_for("imports.show", import_id=import_id))


def columns_page(found: Import) -> str | tuple[str, int]:
    """The columns with their first cells. A file that cannot be read like this says so beside the fields."""
    try:
        return _page(found, Options.of_json(found.options), {})
    except UnusableFile as fault:
        return _page(found, Options.of_json(found.options), {"encoding": str(fault)}, readable=False), 422


def _said(found: Import) -> tuple[Options, dict[str, str], bool]:
    """What the form says, its faults, and whether the columns are still those that it showed."""
    path, before = uploads.path(found.stored), Options.of_json(found.options)
    said, errors = forms.read(request.form, before, options.opened(path, before))
    if said.reads_as(before):
        return said, errors, True
    return options.with_columns(path, said), {}, False


def _go_on(found: Import, said: Options, *, checking: bool) -> bool:
    """Whether it is a large file."""
    if checking:
        stages.begin_check(found, said, clock.now())
    else:
        stages.say(found, said)
    large = found.total > AT_ONCE
    db.session.commit()
    return large


def _columns(import_id: int, errors: dict[str, str], said: Options | None = None) -> tuple[str, int]:
    found = db.get_or_404(Import, import_id)
    return _page(found, said or Options.of_json(found.options), errors, readable=said is not None), 422


def _page(found: Import, said: Options, errors: dict[str, str], *, readable: bool = True) -> str:
    seen = looking.look(options.opened(uploads.path(found.stored), said)) if readable else None
    names = options.attribute_names()
    return render_template(
        "imports/show.html",
        said=said,
        seen=seen,
        columns=_shown(seen.columns, said, names) if seen else [],
        errors=errors,
        ours=LABELS,
        attributes=list(names.values()),
        types=[(type.value, type.value) for type in AttributeType],
        encodings=list(looking.ENCODINGS.items()),
        separators=list(looking.SEPARATORS.items()),
        countries=[("", "None"), *countries.names().items()],
        words=_words(seen, said) if seen else [],
        **lines.of_one(found, clock.now()),
    )


def _shown(seen: list[looking.Column], said: Options, names: dict[str, str]) -> list[dict[str, Any]]:
    """Each column with what it is said to be."""
    shown = []
    for column, ours in zip(seen, said.columns, strict=True):
        name = ours[len(ATTRIBUTE) :] if ours.startswith(ATTRIBUTE) else ""
        known = names.get(fold(name)) if name else None
        shown.append({
            "seen": column,
            "may_tell_consent": not (ours or "consent" in said.columns) and guessing.may_tell_consent(column),
            "chosen": ATTRIBUTE + known if known else forms.NEW if name else ours,
            "name": name if name and not known else column.title,
            "type": said.types.get(ours) or guessing.type_of(column),
        })  # fmt: skip
    return shown


def _words(seen: looking.Look, said: Options) -> list[tuple[str, int, str]]:
    """The words of the column consent that are not ours, how many rows say them, and what they mean."""
    counted = seen.columns[said.columns.index("consent")].words if "consent" in said.columns else {}
    return [
        (word, counted[word], said.words.get(word, guessing.meaning(word)))
        for word in options.words(seen, said)
    ]
