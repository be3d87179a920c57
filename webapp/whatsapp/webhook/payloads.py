"""A webhook body becomes items, in its own order. Pure: the clock is an argument, nothing is stored.

One broken piece becomes one Unread item and never costs its neighbours. The field of a change is looked at
before anything else, because the history carries messages in the very shape of live ones.
Source: Meta, webhook overview.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from webapp.whatsapp.webhook import notices
from webapp.whatsapp.webhook.envelope import Contacts, Envelope, digits
from webapp.whatsapp.webhook.events import read_preference, read_status, read_user_id_update
from webapp.whatsapp.webhook.items import (
    Button,
    HiddenEdit,
    Item,
    Notice,
    NumberChange,
    Passive,
    Person,
    Preference,
    Reaction,
    Status,
    Unread,
    Wordless,
    Words,
)
from webapp.whatsapp.webhook.messages import read_echo, read_message, read_past_message
from webapp.whatsapp.webhook.reading import LONGEST_FIELD, Malformed, canonical, clean, identifier, mapping

__all__ = [
    "Button",
    "HiddenEdit",
    "Item",
    "MalformedBody",
    "Notice",
    "NumberChange",
    "Passive",
    "Person",
    "Preference",
    "Reaction",
    "Status",
    "Unread",
    "Wordless",
    "Words",
    "canonical",
    "clean",
    "parse",
]

# Meta's own bodies have fewer than 20 levels. A fixed limit, because Python's own depends on the caller.
DEEPEST = 64

LONGEST_NUMBER = 1000
"""Digits; Python reads 4,300 at most, and no number of a delivery comes near."""
UNREADABLE = "the body is not readable JSON"
_BRACKETS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)
"""Brackets, and texts as a whole, for brackets in them count for nothing."""

NOT_READ = "a field that is not read here"

Reader = Callable[[object, Envelope], Iterable[Item]]


class MalformedBody(ValueError):
    """The body is no JSON in UTF-8."""


def parse(raw: bytes, received_at: datetime) -> list[Item]:
    """Every item of the delivery, in order. `received_at` (aware) stands in for unusable times."""
    body, envelope = _load(raw), Envelope(received_at=received_at)
    if not isinstance(body, dict):
        return [envelope.unread(body, "a delivery that is not an object")]
    if body.get("object", "whatsapp_business_account") != "whatsapp_business_account":
        return [envelope.unread(body, "a delivery about something else than WhatsApp", malformed=False)]
    return list(_each(body, "entry", envelope, _read_entry))


def _load(raw: bytes) -> object:
    """The body; what is nested deeper than any delivery is left out, so that it costs only its own item."""
    try:
        body = _parsed(raw)
        return _parsed(_shallow(raw)) if _is_deeper_than(DEEPEST, body) else body
    except RecursionError:
        pass
    except ValueError as problem:
        raise MalformedBody(UNREADABLE) from problem
    try:
        return _parsed(_shallow(raw))
    except (ValueError, RecursionError) as problem:
        raise MalformedBody(UNREADABLE) from problem


def _parsed(raw: bytes) -> object:
    return json.loads(raw.decode("utf-8-sig"), parse_constant=_missing, parse_int=_number)


def _missing(_constant: str) -> None:
    """NaN and infinity are no JSON: where one stands, there is nothing."""


def _number(digits: str) -> int | None:
    return int(digits) if len(digits) <= LONGEST_NUMBER else None


def _shallow(raw: bytes) -> bytes:
    """The same document with null for every list and object that lies too deep."""
    kept, depth, start = [], 0, 0
    for found in _BRACKETS.finditer(raw):
        if found[0] in b"[{":
            depth += 1
            if depth == DEEPEST + 1:
                kept += [raw[start : found.start()], b"null"]
        elif found[0] in b"]}":
            if depth == DEEPEST + 1:
                start = found.end()
            depth -= 1
    return b"".join([*kept, raw[start:]] if depth <= DEEPEST else kept)


def _is_deeper_than(levels: int, body: object) -> bool:
    level = [body]
    for _ in range(levels):
        level = [child for node in level for child in _children(node)]
    return bool(level)


def _children(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _each(holder: dict[str, Any], key: str, envelope: Envelope, read: Reader) -> Iterator[Item]:
    """The items of every piece in a list; whatever cannot be read stays in its place as Unread."""
    pieces = holder.get(key)
    if not isinstance(pieces, list):
        wrong = {key: pieces} if key in holder else holder
        yield envelope.unread(wrong, f"no list under “{key}”")
        return
    for piece in pieces:
        try:
            yield from read(piece, envelope)
        except Malformed as problem:
            yield envelope.unread(piece, str(problem))


def _read_entry(piece: object, envelope: Envelope) -> Iterable[Item]:
    entry = mapping(piece, "an entry that is not an object")
    inside = replace(envelope, account_id=identifier(entry.get("id")), time=entry.get("time"))
    return _each(entry, "changes", inside, _read_change)


def _read_change(piece: object, envelope: Envelope) -> Iterable[Item]:
    change = mapping(piece, "a change that is not an object")
    field = identifier(change.get("field"), LONGEST_FIELD)
    if field is None:
        raise Malformed("a change without a field")
    inside = replace(envelope, field=field)
    if field in _LISTS:
        return _read_value(change, inside)
    inside = _number_of(inside, change.get("value"))
    return notices.read(change, inside) or [inside.unread(change, NOT_READ, malformed=False)]


def _read_value(change: dict[str, Any], envelope: Envelope) -> Iterable[Item]:
    value, lists = change.get("value"), _LISTS[envelope.field]
    if not isinstance(value, dict):
        return [envelope.unread(change, "a change without a value")]
    inside = _number_of(envelope, value)
    if envelope.field == "standby" and isinstance(value.get("standby"), dict):
        value = {**value, **value["standby"]}
    inside = replace(inside, contacts=Contacts(value.get("contacts")))
    present = [key for key in value if key in lists]
    if not present:
        return [inside.unread(change, "a change with nothing in it")]
    return [item for key in present for item in _each(value, key, inside, lists[key])]


def _number_of(envelope: Envelope, value: object) -> Envelope:
    metadata = value.get("metadata") if isinstance(value, dict) else None
    if not isinstance(metadata, dict):
        return envelope
    return replace(
        envelope,
        phone_number_id=identifier(metadata.get("phone_number_id"), LONGEST_FIELD),
        own_number=digits(metadata.get("display_phone_number")),
    )


def _read_error(piece: object, envelope: Envelope) -> list[Item]:
    return [envelope.unread(piece, "an error that WhatsApp reports", malformed=False)]


def _read_history(piece: object, envelope: Envelope) -> Iterable[Item]:
    """A part of the history, or the error that stands for it when sharing was declined."""
    chunk = mapping(piece, "a part of the history that is not an object")
    if "errors" in chunk and "threads" not in chunk:
        return _each(chunk, "errors", envelope, _read_error)
    return _each(chunk, "threads", envelope, _read_thread)


def _read_thread(piece: object, envelope: Envelope) -> Iterable[Item]:
    thread = mapping(piece, "a thread of the history that is not an object")
    return _each(thread, "messages", envelope, read_past_message)


_LIVE: dict[str, Reader] = {"messages": read_message, "statuses": read_status, "errors": _read_error}
_LISTS: dict[str, dict[str, Reader]] = {
    "messages": _LIVE,
    "standby": {**_LIVE, "message_echoes": read_echo},
    "history": {"history": _read_history, "messages": read_past_message},
    "user_preferences": {"user_preferences": read_preference},
    "user_id_update": {"user_id_update": read_user_id_update},
}
