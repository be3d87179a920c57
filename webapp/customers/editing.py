"""The Edit Customer dialog's one verb: tags and attributes as a person left them, checked by type."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.consent import ledger
from webapp.customers.attributes import attributes
from webapp.customers.attributes.values import MalformedValue, parse_value
from webapp.customers.models import AttributeKey, AttributeType, Customer
from webapp.customers.tags import tags
from webapp.customers.tags.tags import MalformedTag
from webapp.database import compact_json
from webapp.extensions import db

ATTRIBUTE_FIELD = "attr:"
NOTICE = "notice"
"""Stands in `Unfit.errors` for what belongs to no field."""
LOCAL_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)


class EditedMeanwhile(Exception):
    """Somebody else changed this customer's tags or attributes since the dialog was opened."""


class Unfit(Exception):
    """Some values do not fit; `errors` holds a sentence per field name."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("Some values do not fit.")
        self.errors = errors


@dataclass(frozen=True)
class Draft:
    """What stands in the dialog: the tags, and the raw text of each attribute by key id."""

    tags: Sequence[str]
    attributes: Mapping[int, str]
    version: int
    """Of the row when the dialog was opened."""
    seen: str = ""
    """The fingerprint of what the dialog showed then: a STOP meanwhile raises the version, but not this."""


def fingerprint(customer: Customer) -> str:
    """Changes when tags or attributes change, and not when the consent does."""
    content = compact_json([customer.tags_json, customer.attrs_json])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def apply(customer: Customer, draft: Draft) -> None:
    """Make the customer's tags and attributes those of the draft. Raises Unfit, EditedMeanwhile."""
    values, errors = _parsed(draft.attributes)
    ledger.lock(customer)
    if draft.version != customer.version and draft.seen != fingerprint(customer):
        raise EditedMeanwhile
    try:
        tags.set_tags(customer, draft.tags)
    except MalformedTag as fault:
        errors["tags"] = str(fault)
    if errors:
        raise Unfit(errors)
    removed = {name: None for name in customer.attrs_json if name not in values}
    attributes.set_attributes(customer, {**removed, **values})


def _parsed(raw: Mapping[int, str]) -> tuple[dict[str, Any], dict[str, str]]:
    keys = {key.id: key for key in db.session.scalars(select(AttributeKey).where(AttributeKey.id.in_(raw)))}
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for key_id, text in raw.items():
        if key_id not in keys:
            errors[NOTICE] = "An attribute was deleted meanwhile and is left out here. Save again."
            continue
        try:
            values[keys[key_id].name] = parse_value(keys[key_id].type, _in_utc(keys[key_id].type, text))
        except MalformedValue as fault:
            errors[f"{ATTRIBUTE_FIELD}{key_id}"] = str(fault)
    return values, errors


def _in_utc(type: str, text: str) -> str:
    """The browser's field for date and time knows no zone; the dialog says that it is UTC."""
    return f"{text}Z" if type == AttributeType.DATETIME and LOCAL_TIME.fullmatch(text) else text
