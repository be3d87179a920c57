"""One condition of a segment: which fields can be asked for what, and the check of what somebody wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from webapp.campaigns.models import Campaign
from webapp.consent.rules import Source
from webapp.customers import wording
from webapp.customers.attributes import attributes
from webapp.customers.attributes.values import MalformedValue, parse_value
from webapp.customers.models import AttributeType
from webapp.customers.tags import tags
from webapp.customers.text import one_line
from webapp.extensions import db

LONGEST_VALUE = 500
MOST_DAYS = 36_500
STOPPED, HELD = "stopped", "held"
FIELDS = {
    "tag": "Tag", "attribute": "Attribute", "status": "Consent", "source": "Source", "created": "Created",
    "last_message": "Last message", "campaign": "Campaign", "search": "Name or number",
}  # fmt: skip
IS, IS_NOT = {"is": "is"}, {"is_not": "is not"}
SET = {"set": "has a value", "not_set": "has no value"}
ORDERED = {
    "lt": "is below",
    "le": "is at most",
    "gt": "is above",
    "ge": "is at least",
    "between": "is between",
}
LATER = {"lt": "is before", "le": "is at the latest", "gt": "is after", "ge": "is at the earliest",
         "between": "is between"}  # fmt: skip
DAYS = {"before": "before", "after": "after", "within": "in the last … days",
        "not_within": "not in the last … days"}  # fmt: skip
OPS: dict[str, dict[str, str]] = {
    "tag": {"has": "has", "has_not": "has not"},
    "status": IS | IS_NOT,
    "source": {"consent_is": "of the consent is", "consent_is_not": "of the consent is not",
               "identity_is": "of the number is", "identity_is_not": "of the number is not"},
    "created": {name: DAYS[name] for name in ("before", "after", "within")},
    "last_message": DAYS | {"never": "never"},
    "campaign": {"got": "got it", "not_got": "did not get it"},
    "search": {"contains": "contains"},
}  # fmt: skip
ATTRIBUTE_OPS: dict[str, dict[str, str]] = {
    AttributeType.TEXT: IS | IS_NOT | {"contains": "contains"} | SET,
    AttributeType.BOOLEAN: IS | SET,
    AttributeType.JSON: IS | SET,
    AttributeType.NUMBER: IS | ORDERED | SET,
    AttributeType.DATE: IS | LATER | SET,
    AttributeType.TIME: IS | LATER | SET,
    AttributeType.DATETIME: IS | LATER | SET,
}
STATUSES: dict[str, str] = {status.value: words for status, words in wording.STATES.items()} | {
    STOPPED: "Stopped in WhatsApp", HELD: "On hold",
}  # fmt: skip
SOURCES = {
    Source.AGENT.value: "a person at the desk", Source.KEYWORD.value: "a keyword",
    Source.BUTTON.value: "a button", Source.WHATSAPP.value: "WhatsApp", Source.IMPORT.value: "an import",
    Source.API.value: "the API", Source.REVIEW.value: "a review", "campaign": "a campaign’s list",
}  # fmt: skip
WITHOUT_VALUE = {"set", "not_set", "never"}


class Malformed(ValueError):
    """The condition cannot be used; the message is a sentence that says why."""


@dataclass(frozen=True)
class Condition:
    """What must be true of a customer. `id` is the tag or the attribute: it stays when the name changes."""

    field: str
    op: str
    value: Any = ""
    """Text; [least, most] for `between`; the id of a campaign."""
    key: str = ""
    """The attribute's name."""
    id: int | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Condition":
        """A condition that was checked when it was kept."""
        return cls(**kept)

    def to_json(self) -> dict[str, Any]:
        given = {"field": self.field, "op": self.op, "value": self.value, "key": self.key, "id": self.id}
        return {name: value for name, value in given.items() if value not in ("", None)}


def checked(raw: object) -> Condition:
    """The condition that a form or a program gives. Raises Malformed."""
    if not isinstance(raw, Mapping):
        raise Malformed("A condition is an object with field, op and value.")
    field, op = raw.get("field"), raw.get("op")
    if field == "attribute":
        return _attribute(str(raw.get("key", "")), str(op), raw.get("value", ""))
    if field not in OPS:
        raise Malformed("Choose what the condition is about.")
    if op not in OPS[field]:
        raise Malformed(f"Choose how {FIELDS[field].lower()} is compared.")
    if op in WITHOUT_VALUE:
        return Condition(field, op)
    return _CHECKS[field](op, _text(raw.get("value", "")))


def ops_of(field: str, key: str) -> dict[str, str]:
    """How a field can be compared; for an attribute it depends on the type."""
    if field != "attribute":
        return OPS.get(field, {})
    found = attributes.find(key)
    return ATTRIBUTE_OPS[found.type] if found else {}


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Malformed("Write a value.")
    text = one_line(str(value))
    if not text:
        raise Malformed("Write a value.")
    if len(text) > LONGEST_VALUE:
        raise Malformed(f"A value has {LONGEST_VALUE} characters at most.")
    return text


def _attribute(key: str, op: str, value: Any) -> Condition:
    found = attributes.find(key) if key else None
    if found is None:
        raise Malformed(f"There is no attribute “{one_line(key)[:60]}”." if key else "Choose an attribute.")
    if op not in ATTRIBUTE_OPS[found.type]:
        raise Malformed(f"Choose how {found.name} is compared.")
    if op in WITHOUT_VALUE:
        return Condition("attribute", op, key=found.name, id=found.id)
    kept = _pair(found.type, value) if op == "between" else _value(found.type, op, value)
    return Condition("attribute", op, kept, found.name, found.id)


def _pair(type: str, value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise Malformed("Write the least and the most.")
    least, most = (_value(type, "between", each) for each in value)
    if least > most:
        raise Malformed("The first value is larger than the second.")
    return [least, most]


def _value(type: str, op: str, value: object) -> Any:
    if isinstance(value, bool):
        value = "true" if value else "false"
    if op == "contains":
        return _text(value)
    try:
        return parse_value(type, _text(value))
    except MalformedValue as fault:
        raise Malformed(str(fault)) from None


def _tag(op: str, value: str) -> Condition:
    tag = tags.find(value)
    if tag is None:
        raise Malformed(f"There is no tag “{value[:60]}”.")
    return Condition("tag", op, tag.name, id=tag.id)


def _status(op: str, value: str) -> Condition:
    return Condition("status", op, _one_of(STATUSES, value))


def _source(op: str, value: str) -> Condition:
    return Condition("source", op, _one_of(SOURCES, value))


def _one_of(choices: Mapping[str, str], value: str) -> str:
    if value not in choices:
        raise Malformed("Choose one of the list.")
    return value


def _moment(field: str, op: str, value: str) -> Condition:
    if op in ("before", "after"):
        try:
            return Condition(field, op, parse_value(AttributeType.DATE, value))
        except MalformedValue as fault:
            raise Malformed(str(fault)) from None
    if not (value.isascii() and value.isdigit() and 1 <= int(value[:9]) <= MOST_DAYS and len(value) < 9):
        raise Malformed("Write a whole number of days, like 30.")
    return Condition(field, op, str(int(value)))


def _campaign(op: str, value: str) -> Condition:
    known = value.isascii() and value.isdigit() and len(value) < 19 and db.session.scalar(
        select(Campaign.id).where(Campaign.id == int(value), Campaign.test_of_id.is_(None))
    )  # fmt: skip
    if not known:
        raise Malformed("Choose a campaign.")
    return Condition("campaign", op, int(value))


_CHECKS = {
    "tag": _tag, "status": _status, "source": _source, "campaign": _campaign,
    "created": lambda op, value: _moment("created", op, value),
    "last_message": lambda op, value: _moment("last_message", op, value),
    "search": lambda op, value: Condition("search", op, value[:200]),
}  # fmt: skip
