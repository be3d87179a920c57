"""What callers send: JSON bodies and query parameters, refused by the field's name if unfit."""

import json
import math
from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from flask import request

from webapp.api.problems import Problem, unfit

Kind = TypeVar("Kind", str, list, dict)
NAMES = {str: "text", list: "a list", dict: "an object"}


def json_object(fields: Collection[str]) -> dict[str, Any]:
    """The body, which may have these fields and no others. Raises Problem: 400, 413, 415 or 422."""
    if not request.is_json:
        raise Problem(415, "Send the body as JSON, with “Content-Type: application/json”.")
    body = _parsed(request.get_data())
    if not isinstance(body, dict):
        raise Problem(422, "The body must be a JSON object.")
    only_known(body, fields)
    return body


def only_known(given: Iterable[str], known: Collection[str], parent: str = "") -> None:
    """A field that we do not know is refused: ignored in silence it may have been a wish to stop.

    `parent` goes before the names of fields that stand deeper in the body.
    """
    there_are = f"known are {', '.join(known)}" if known else "this call takes none"
    fault = f"There is no such field here; {there_are}."
    if faults := {parent + shown(name): fault for name in given if name not in known}:
        raise Problem(422, faults=faults)


def optional(body: dict[str, Any], field: str, kind: type[Kind]) -> Kind | None:
    """The field's value, None when it is missing or null. Raises Problem 422 for another type."""
    value = body.get(field)
    if value is not None and not isinstance(value, kind):
        raise unfit(field, f"This must be {NAMES[kind]}.")
    return value


def required(body: dict[str, Any], field: str, kind: type[Kind]) -> Kind:
    value = optional(body, field, kind)
    if value is None:
        raise unfit(field, "This is missing.")
    return value


def shown(name: str) -> str:
    """A name from outside, short enough to be repeated in an answer."""
    return name if len(name) <= 60 else f"{name[:60]}…"


def _parsed(raw: bytes) -> Any:
    try:
        return json.loads(
            raw.decode(), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_each_once
        )
    except RecursionError:
        raise Problem(400, "The JSON is nested too deeply.") from None
    except UnicodeDecodeError:
        raise Problem(400, "The body is not UTF-8.") from None
    except ValueError as fault:
        raise Problem(400, f"The body is not JSON: {fault}.") from None


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a field that stands twice one would be dropped in silence, and it may have been a wish to stop."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a field stands twice in one object")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
