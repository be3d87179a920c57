"""What people type about an endpoint: how it shall be, and from where it shall be told again."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from werkzeug.datastructures import MultiDict

from webapp.accounts.names import tidy
from webapp.endpoints import addresses
from webapp.endpoints.endpoints import Wishes
from webapp.endpoints.models import Endpoint, EventType

LONGEST_EVENT_NUMBER = 18
"""Digits; what is longer fits into no database."""


@dataclass(frozen=True)
class Draft:
    """An endpoint as it stands in the dialog; `errors` holds sentences per field."""

    wishes: Wishes
    errors: dict[str, str] = field(default_factory=dict)


def empty() -> Draft:
    return Draft(Wishes("", "", tuple(EventType), with_phone=False))


def draft_of(endpoint: Endpoint) -> Draft:
    return Draft(Wishes(endpoint.name, endpoint.url, tuple(endpoint.types), endpoint.with_phone))


def draft_in(form: MultiDict[str, str], *, private: bool) -> Draft:
    ticked = form.getlist("types")
    types = tuple(type_ for type_ in EventType if type_ in ticked)
    wishes = Wishes(tidy(form.get("name", "")), form.get("url", "").strip(), types, "with_phone" in form)
    errors = {
        "name": "" if wishes.name else "Say which system this is, such as “shop”.",
        "url": addresses.wrong(wishes.url, private=private),
        "types": "" if types else "Choose at least one.",
    }
    return Draft(wishes, {name: sentence for name, sentence in errors.items() if sentence})


@dataclass(frozen=True)
class From:
    """From where an endpoint is told again: an event or a time; `error` when that is not clear."""

    event_id: int | None = None
    moment: datetime | None = None
    error: str = ""


def replay_in(form: MultiDict[str, str]) -> From:
    number, time = form.get("event", "").strip(), form.get("time", "").strip()
    if bool(number) == bool(time):
        return From(error="Give either the number of an event or a time.")
    if number:
        whole = number.isascii() and number.isdecimal() and len(number) <= LONGEST_EVENT_NUMBER
        return From(event_id=int(number)) if whole and int(number) else From(error="Give a number from 1 on.")
    try:
        return From(moment=datetime.fromisoformat(time).replace(tzinfo=UTC))
    except ValueError:
        return From(error="Give the time as 2026-11-22T09:30.")
