"""The page of tags: what exists and who carries it; renaming, merging and deleting for managers."""

from flask import Blueprint, Response, request, url_for

from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.customers import queries
from webapp.customers.models import Tag
from webapp.customers.tags import tags
from webapp.customers.tags.tags import MalformedTag
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, page_or_fragment

bp = Blueprint("tags", __name__, url_prefix="/tags")

Answer = Response | tuple[str, int]


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return page_or_fragment("tags/index.html", "tags/_tags.html", tags=_all())


@bp.get("/new")
@requires(Role.MANAGER)
def new() -> Answer:
    return _name_dialog(None, "")


@bp.post("/new")
@requires(Role.MANAGER)
def create() -> Answer:
    name = request.form.get("name", "")
    try:
        if known := tags.find(tags.checked(name)):
            return _name_dialog(None, name, f"There is a tag “{known.name}” already.")
        tag = tags.define(name)
    except MalformedTag as fault:
        return _name_dialog(None, name, str(fault))
    return _done(f"The tag “{tag.name}” is added.")


@bp.get("/<int:tag_id>/edit")
@requires(Role.MANAGER)
def edit(tag_id: int) -> Answer:
    tag = db.get_or_404(Tag, tag_id)
    return _name_dialog(tag, tag.name)


@bp.post("/<int:tag_id>/edit")
@requires(Role.MANAGER)
def update(tag_id: int) -> Answer:
    tag = db.get_or_404(Tag, tag_id)
    name = request.form.get("name", "")
    try:
        tags.rename(tag, name)
    except MalformedTag as fault:
        return _name_dialog(tag, name, str(fault))
    return _done(f"The tag is called “{tag.name}” now.")


@bp.get("/<int:tag_id>/merge")
@requires(Role.MANAGER)
def ask_merge(tag_id: int) -> Answer:
    return _merge_dialog(db.get_or_404(Tag, tag_id))


@bp.post("/<int:tag_id>/merge")
@requires(Role.MANAGER)
def merge(tag_id: int) -> Answer:
    tag = db.get_or_404(Tag, tag_id)
    name = tag.name
    into = db.session.get(Tag, request.form.get("into", 0, type=int))
    if into is None:
        return _merge_dialog(tag, "Choose the tag that stays.")
    try:
        tags.merge(tag, into)
    except MalformedTag as fault:
        return _merge_dialog(tag, str(fault))
    return _done(f"“{name}” is part of “{into.name}” now.")


@bp.get("/<int:tag_id>/delete")
@requires(Role.MANAGER)
def ask_delete(tag_id: int) -> Answer:
    tag = db.get_or_404(Tag, tag_id)
    return dialog("tags/_delete_dialog.html", title="Delete tag", tag=tag)


@bp.post("/<int:tag_id>/delete")
@requires(Role.MANAGER)
def delete(tag_id: int) -> Answer:
    tag = db.get_or_404(Tag, tag_id)
    name = tag.name
    tags.delete(tag)
    return _done(f"The tag “{name}” is deleted.")


def _all() -> list[Tag]:
    return list(db.session.scalars(queries.tags_with_counts()))


def _name_dialog(tag: Tag | None, name: str, error: str = "") -> Answer:
    title = "Rename tag" if tag else "New tag"
    status = 422 if error else 200
    return dialog("tags/_name_dialog.html", title=title, status=status, tag=tag, name=name, error=error)


def _merge_dialog(tag: Tag, error: str = "") -> Answer:
    others = [other for other in _all() if other.id != tag.id]
    status = 422 if error else 200
    return dialog(
        "tags/_merge_dialog.html", title="Merge tag", status=status, tag=tag, others=others, error=error
    )


def _done(message: str) -> Response:
    db.session.commit()
    return dialog_done(message, location=url_for("tags.index"), events={"tags:changed": True})
