"""What the Edit Customer dialog shows: the customer's values, or the draft that came back with errors."""

from typing import Any

from sqlalchemy import select

from webapp.customers import editing, queries
from webapp.customers.editing import ATTRIBUTE_FIELD, Draft
from webapp.customers.models import AttributeKey, AttributeType, Customer, Tag
from webapp.customers.search import fold
from webapp.database import compact_json
from webapp.extensions import db


def draft_of(customer: Customer) -> Draft:
    """The dialog as it opens."""
    keys = {key.name: key for key in db.session.scalars(queries.attribute_keys())}
    raw = {
        keys[name].id: _typed(keys[name], value)
        for name, value in customer.attrs_json.items()
        if name in keys
    }
    return Draft(customer.tags_json, raw, customer.version, editing.fingerprint(customer))


def draft_in(form: Any) -> Draft:
    """The dialog as it was sent. A picked attribute of a browser without scripts joins the others, empty."""
    raw = {
        int(name.removeprefix(ATTRIBUTE_FIELD)): value for name, value in form.items() if _is_attribute(name)
    }
    if form.get("add") and (picked := form.get("add_attribute", type=int)):
        raw.setdefault(picked, "")
    return Draft(
        tags_in(form.getlist("tags")), raw, form.get("version", default=0, type=int), form.get("seen", "")
    )


def tags_in(raw: list[str]) -> list[str]:
    """The names of tags in the form. A plain field parts them by commas; a known tag may hold one itself."""
    known = set(db.session.scalars(select(Tag.key).where(Tag.key.in_([fold(text) for text in raw]))))
    parts = [[text] if fold(text) in known else text.split(",") for text in raw]
    return [name.strip() for names in parts for name in names if name.strip()]


def edit_dialog_context(draft: Draft) -> dict[str, Any]:
    """Attributes with their raw values, the attributes that could be added, and the tags there are."""
    keys = list(db.session.scalars(queries.attribute_keys()))
    tags = db.session.scalars(queries.tags_with_counts())
    return {
        "version": draft.version,
        "seen": draft.seen,
        "attributes": [_field(key, draft.attributes[key.id]) for key in keys if key.id in draft.attributes],
        "other_keys": [_field(key, "") for key in keys if key.id not in draft.attributes],
        "tags": draft.tags,
        "tag_options": [(tag.name, tag.n) for tag in tags],
    }


def _field(key: AttributeKey, value: str) -> dict[str, Any]:
    return {"key_id": key.id, "name": key.name, "type": key.type, "value": value}


def _typed(key: AttributeKey, value: Any) -> str:
    """The value as the control of its type wants it."""
    if key.type == AttributeType.DATETIME:
        return str(value).removesuffix("Z")
    return value if isinstance(value, str) and key.type != AttributeType.JSON else compact_json(value)


def _is_attribute(name: str) -> bool:
    key_id = name.removeprefix(ATTRIBUTE_FIELD)
    return name.startswith(ATTRIBUTE_FIELD) and key_id.isascii() and key_id.isdigit() and len(key_id) < 18
