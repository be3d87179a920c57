"""What a program asks this WhatsApp to send: read, checked against the template, and rendered. Pure.

Source: Meta, send a template message; Cloud API error codes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from webapp.campaigns.templates.bubble import bubble
from webapp.campaigns.templates.variables import MEDIA, variables_of
from webapp.simulator import catalogue
from webapp.simulator.refusals import Refusal

_NUMBER = re.compile(r"\+?([0-9]{5,18})")
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9.]{1,150}")
LONGEST_CALLBACK = 512
LONGEST_TEXT = 4096
SERVICE = "SERVICE"
"""The category of what is no template."""


@dataclass(frozen=True)
class Button:
    """`payload` comes back with a tap; only quick replies have one."""

    kind: str
    label: str
    payload: str = ""


@dataclass(frozen=True)
class Picture:
    """The message as its reader sees it."""

    category: str
    header: str
    media: str
    body: str
    footer: str
    buttons: list[Button]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Picture":
        return cls(**{**raw, "buttons": [Button(**button) for button in raw["buttons"]]})


@dataclass(frozen=True)
class Order:
    """`asked` is the address as it came; `address` its digits, or the user id."""

    asked: str
    address: str
    by_user_id: bool
    callback: str | None
    template: str
    picture: Picture


def order(body: object, *, marketing_only: bool) -> Order:
    """Read the body of a call. Raises Refusal as WhatsApp refuses."""
    wanted = _mapping(body)
    kind = wanted.get("type")
    if wanted.get("messaging_product") != "whatsapp" or kind not in ("template", "text"):
        raise Refusal(100, "messaging_product must be whatsapp, and type must be template or text.")
    asked, address, by_user_id = _address(wanted)
    callback = wanted.get("biz_opaque_callback_data")
    if callback is not None and not (isinstance(callback, str) and len(callback) <= LONGEST_CALLBACK):
        raise Refusal(100, "biz_opaque_callback_data must be a string of at most 512 characters.")
    if kind == "text":
        return Order(asked, address, by_user_id, callback, "", _written(wanted, marketing_only))
    template = _template(_mapping(wanted.get("template")), marketing_only)
    picture = _picture(template, wanted["template"].get("components", []))
    return Order(asked, address, by_user_id, callback, template["name"], picture)


def _written(wanted: Mapping[str, Any], marketing_only: bool) -> Picture:
    """A text free of form."""
    if marketing_only:
        raise Refusal(131055, "This endpoint takes marketing templates only.")
    body = _text(_mapping(wanted.get("text")), "body")
    if len(body) > LONGEST_TEXT:
        raise Refusal(100, f"text.body must have at most {LONGEST_TEXT} characters.")
    return Picture(SERVICE, "", "", body, "", [])


def _address(wanted: Mapping[str, Any]) -> tuple[str, str, bool]:
    """`to` wins when both are given (Meta, business-scoped user ids)."""
    to, recipient = wanted.get("to"), wanted.get("recipient")
    if isinstance(to, str) and (number := _NUMBER.fullmatch(to)):
        return to, number[1], False
    if to is None and isinstance(recipient, str) and _USER_ID.fullmatch(recipient):
        return recipient, recipient, True
    raise Refusal(100, "to must be a phone number, or recipient a user id.")


def _template(named: Mapping[str, Any], marketing_only: bool) -> dict[str, Any]:
    language = _mapping(named.get("language")).get("code")
    found = catalogue.find(str(named.get("name")), str(language))
    if found is None:
        raise Refusal(132001, f"template name ({named.get('name')}) does not exist in {language}")
    if found["status"] != "APPROVED":
        raise Refusal(132015)
    if marketing_only and found["category"] != "MARKETING":
        raise Refusal(131055, "This endpoint takes marketing templates only.")
    return found


def _picture(template: dict[str, Any], parts: object) -> Picture:
    if not isinstance(parts, list):
        raise Refusal(100, "components must be an array.")
    given = dict(pair for part in parts for pair in _values(_mapping(part)))
    wanted = {v.key for v in variables_of(template["components"], template["parameter_format"])}
    if {key for key in given if not key.startswith("payload:")} != wanted:
        raise Refusal(132000, f"The template has {len(wanted)} parameters: {', '.join(sorted(wanted))}.")
    shown = bubble(template["components"], given)
    buttons = [
        Button(kind, label, given.get(f"payload:{n}", label) if kind == "quick_reply" else "")
        for n, (kind, label) in enumerate(shown.buttons)
    ]
    header, body = ("".join(text for text, _ in pieces) for pieces in (shown.header, shown.body))
    return Picture(template["category"], header, shown.media, body, shown.footer, buttons)


def _values(part: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The values of one component, under the keys that the template's variables have."""
    kind, parameters = str(part.get("type")).lower(), part.get("parameters")
    if kind not in ("header", "body", "button") or not isinstance(parameters, list):
        raise Refusal(100, "A component needs its type and its parameters.")
    for n, parameter in enumerate(map(_mapping, parameters), start=1):
        if kind == "button":
            yield _button_value(part, n, parameter)
        elif parameter.get("type") in MEDIA.values():
            yield f"header:{parameter['type']}", _text(_mapping(parameter.get(parameter["type"])), "link")
        else:
            yield f"{kind}:{parameter.get('parameter_name') or n}", _text(parameter, "text")


def _button_value(part: Mapping[str, Any], n: int, parameter: Mapping[str, Any]) -> tuple[str, str]:
    index = str(part.get("index"))
    match part.get("sub_type"):
        case "quick_reply":
            return f"payload:{index}", _text(parameter, "payload")
        case "copy_code":
            return f"button:{index}:{n}", _text(parameter, "coupon_code")
        case "url":
            return f"button:{index}:{n}", _text(parameter, "text")
    raise Refusal(100, "sub_type must be quick_reply, url or copy_code.")


def _text(parameter: Mapping[str, Any], key: str) -> str:
    value = parameter.get(key)
    if not isinstance(value, str) or not value:
        raise Refusal(100, f"A parameter needs its {key}.")
    return value


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Refusal(100, "An object was expected.")
    return value
