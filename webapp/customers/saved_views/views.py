"""The dialogs of saved views: saving the table's filter, changing a view, deleting it."""

from typing import Any

from flask import Response, abort, render_template, request, url_for
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from webapp import clock
from webapp.accounts.access import may, requires
from webapp.accounts.roles import Role
from webapp.customers.blueprint import TABLES, bp, reader
from webapp.customers.filters import Filter
from webapp.customers.names import MalformedName
from webapp.customers.saved_views import context as saved_view_context
from webapp.customers.saved_views import saved_view
from webapp.customers.saved_views.saved_view import ChangedMeanwhile, SavedView
from webapp.customers.saved_views.view_filters import Names, Refused, filter_of
from webapp.customers.table import Table
from webapp.extensions import db, htmx
from webapp.rendering import dialog, dialog_done

Answer = Response | tuple[str, int]
MEANWHILE = "Somebody changed this view; it is “{view.name}” now. Save again to have it your way."


@bp.get("/customers/views/new")
@requires(Role.VIEWER)
def new_view() -> Answer:
    return _dialog(None, _table(request.args))


@bp.post("/customers/views/new")
@requires(Role.VIEWER)
def create_view() -> Answer:
    table = _table(request.form)
    try:
        view = saved_view.create(
            current_user.id, request.form.get("name", ""), table.filter, shared=_shared(), now=clock.now()
        )
    except (MalformedName, Refused) as fault:
        db.session.rollback()
        return _dialog(None, table, str(fault))
    return _done(f"The view “{view.name}” is saved.", table)


@bp.get("/customers/views/<int:view_id>/edit")
@requires(Role.VIEWER)
def edit_view(view_id: int) -> Answer:
    return _dialog(_changeable(view_id), _table(request.args))


@bp.post("/customers/views/<int:view_id>/edit")
@requires(Role.VIEWER)
def update_view(view_id: int) -> Answer:
    """`replace` puts the table's filter in the place of the view's own."""
    view, table = _changeable(view_id), _table(request.form)
    filter = table.filter if request.form.get("replace") == "1" else None
    try:
        saved_view.change(
            view,
            request.form.get("name", ""),
            filter,
            shared=_shared(view),
            seen=request.form.get("seen", ""),
            now=clock.now(),
        )
    except ChangedMeanwhile:
        return _dialog(view, table, notice=MEANWHILE.format(view=view))
    except (MalformedName, Refused) as fault:
        db.session.rollback()
        return _dialog(view, table, str(fault))
    return _done(f"The view “{view.name}” is saved.", table)


@bp.get("/customers/views/<int:view_id>/delete")
@requires(Role.VIEWER)
def ask_delete_view(view_id: int) -> Answer:
    view, table = _changeable(view_id), _table(request.args)
    return dialog("customers/_delete_view_dialog.html", title="Delete view", view=view, **_place(table))


@bp.post("/customers/views/<int:view_id>/delete")
@requires(Role.VIEWER)
def delete_view(view_id: int) -> Answer:
    view, table = _changeable(view_id), _table(request.form)
    name = view.name
    saved_view.remove(view)
    return _done(f"The view “{name}” is deleted.", table)


def _table(args: MultiDict[str, str]) -> Table:
    """The table that the dialog stands over."""
    return Table.of(args, reader())


def _changeable(view_id: int) -> SavedView:
    """404 for a view that the reader does not see, 403 for one that they may not change.

    Whoever changes it holds its row, so that of two the second sees what the first did.
    """
    view = db.session.get(SavedView, view_id, with_for_update=request.method == "POST") or abort(404)
    mine = view.owner_id == current_user.id
    if not (mine or view.shared):
        abort(404)
    if not saved_view_context.may_change(mine, view.shared):
        abort(403)
    return view


def _shared(view: SavedView | None = None) -> bool:
    """Only managers share; for others it stays as it was."""
    return "shared" in request.form if may(Role.MANAGER) else bool(view and view.shared)


def _dialog(view: SavedView | None, table: Table, error: str = "", notice: str = "") -> Answer:
    sent = request.method == "POST"
    own = _own(view, table) if view else table.filter
    return dialog(
        "customers/_view_dialog.html",
        title="Edit view" if view else "Save view",
        status=422 if error else 409 if notice else 200,
        view=view,
        name=request.form.get("name", "") if sent else view.name if view else "",
        shared=_shared(view) if sent else bool(view and view.shared),
        replace=request.form.get("replace") == "1",
        own=own.chips(),
        now_chips=table.filter.chips() if own != table.filter else [],
        error=error,
        notice=notice,
        **_place(table),
    )


def _own(view: SavedView, table: Table) -> Filter:
    return filter_of(view.args, Names(table.tags), Names(table.attribute_keys))[0]


def _place(table: Table) -> dict[str, Any]:
    """Where the dialog leads back to, as fields of its form."""
    return {"place": {"at": _endpoint(), **table.filter.to_args()}}


def _endpoint() -> str:
    wanted = request.values.get("at", "")
    return wanted if wanted in TABLES.values() else TABLES["/opt-in"]


def _done(message: str, table: Table) -> Response:
    db.session.commit()
    endpoint = _endpoint()
    response = dialog_done(message, location=url_for(endpoint, **table.filter.to_args()))
    if htmx:
        response.status_code = 200
        views = saved_view_context.listed(table, endpoint, current_user.id)
        response.set_data(render_template("customers/_saved_views_answer.html", filter=table.filter, **views))
    return response
