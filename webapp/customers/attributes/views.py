"""The page of attributes: what is defined, of which type, on how many customers; changes for managers."""

from flask import Blueprint, Response, request, url_for

from webapp.accounts.access import requires
from webapp.accounts.roles import Role
from webapp.customers import queries
from webapp.customers.attributes import attributes
from webapp.customers.attributes.attributes import MalformedAttribute
from webapp.customers.models import AttributeKey, AttributeType
from webapp.extensions import db
from webapp.rendering import dialog, dialog_done, page_or_fragment

bp = Blueprint("attributes", __name__, url_prefix="/attributes")

TYPES = {
    AttributeType.TEXT: "Text",
    AttributeType.NUMBER: "Number",
    AttributeType.BOOLEAN: "True/false",
    AttributeType.DATE: "Date",
    AttributeType.TIME: "Time",
    AttributeType.DATETIME: "Date and time (UTC)",
    AttributeType.JSON: "JSON",
}
Answer = Response | tuple[str, int]


@bp.get("")
@requires(Role.VIEWER)
def index() -> str:
    return page_or_fragment(
        "attributes/index.html",
        "attributes/_attributes.html",
        attributes=_all(),
        uses=attributes.uses(),
        types=TYPES,
    )


@bp.get("/new")
@requires(Role.MANAGER)
def new() -> Answer:
    return _new_dialog("", AttributeType.TEXT)


@bp.post("/new")
@requires(Role.MANAGER)
def create() -> Answer:
    name, type = request.form.get("name", ""), request.form.get("type", "")
    if type not in TYPES:
        return _new_dialog(name, type, {"type": "Choose one of the types."})
    try:
        if known := attributes.find(attributes.checked(name)):
            return _new_dialog(name, type, {"name": f"There is an attribute “{known.name}” already."})
        attribute = attributes.define(name, type)
    except MalformedAttribute as fault:
        return _new_dialog(name, type, {"name": str(fault)})
    return _done(f"The attribute “{attribute.name}” is added.")


@bp.get("/<int:key_id>/edit")
@requires(Role.MANAGER)
def edit(key_id: int) -> Answer:
    attribute = db.get_or_404(AttributeKey, key_id)
    return _rename_dialog(attribute, attribute.name)


@bp.post("/<int:key_id>/edit")
@requires(Role.MANAGER)
def update(key_id: int) -> Answer:
    attribute = db.get_or_404(AttributeKey, key_id)
    name = request.form.get("name", "")
    try:
        attributes.rename(attribute, name)
    except MalformedAttribute as fault:
        return _rename_dialog(attribute, name, str(fault))
    return _done(f"The attribute is called “{attribute.name}” now.")


@bp.get("/<int:key_id>/merge")
@requires(Role.MANAGER)
def ask_merge(key_id: int) -> Answer:
    return _merge_dialog(db.get_or_404(AttributeKey, key_id))


@bp.post("/<int:key_id>/merge")
@requires(Role.MANAGER)
def merge(key_id: int) -> Answer:
    attribute = db.get_or_404(AttributeKey, key_id)
    name = attribute.name
    into = db.session.get(AttributeKey, request.form.get("into", 0, type=int))
    if into is None:
        return _merge_dialog(attribute, "Choose the attribute that stays.")
    try:
        attributes.merge(attribute, into)
    except MalformedAttribute as fault:
        return _merge_dialog(attribute, str(fault))
    return _done(f"“{name}” is part of “{into.name}” now.")


@bp.get("/<int:key_id>/delete")
@requires(Role.MANAGER)
def ask_delete(key_id: int) -> Answer:
    attribute = db.get_or_404(AttributeKey, key_id)
    return dialog(
        "attributes/_delete_dialog.html",
        title="Delete attribute",
        attribute=attribute,
        used_by=attributes.used_by(attribute),
    )


@bp.post("/<int:key_id>/delete")
@requires(Role.MANAGER)
def delete(key_id: int) -> Answer:
    attribute = db.get_or_404(AttributeKey, key_id)
    name = attribute.name
    attributes.delete(attribute)
    return _done(f"The attribute “{name}” is deleted.")


def _all() -> list[AttributeKey]:
    return list(db.session.scalars(queries.attribute_keys()))


def _new_dialog(name: str, type: str, errors: dict[str, str] | None = None) -> Answer:
    return dialog(
        "attributes/_new_dialog.html",
        title="New attribute",
        status=422 if errors else 200,
        name=name,
        type=type,
        types=list(TYPES.items()),
        errors={"name": "", "type": ""} | (errors or {}),
    )


def _rename_dialog(attribute: AttributeKey, name: str, error: str = "") -> Answer:
    return dialog(
        "attributes/_rename_dialog.html",
        title="Rename attribute",
        status=422 if error else 200,
        attribute=attribute,
        name=name,
        error=error,
    )


def _merge_dialog(attribute: AttributeKey, error: str = "") -> Answer:
    """Only attributes of the same type can take the values over."""
    others = [other for other in _all() if other.type == attribute.type and other.id != attribute.id]
    return dialog(
        "attributes/_merge_dialog.html",
        title="Merge attribute",
        status=422 if error else 200,
        attribute=attribute,
        others=others,
        used_by=attributes.used_by(attribute),
        types=TYPES,
        error=error,
    )


def _done(message: str) -> Response:
    db.session.commit()
    return dialog_done(message, location=url_for("attributes.index"), events={"attributes:changed": True})
