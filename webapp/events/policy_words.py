"""A change of the workspace's settings in words: for each setting the old and the new value. Pure."""

import json
from collections.abc import Callable, Iterator
from typing import Any

ON_OFF = {True: "on", False: "off"}


def lines(evidence: str) -> list[str]:
    """One sentence for each setting that changed; what cannot be read gives none."""
    try:
        told = json.loads(evidence)
        before, after = dict(told["before"]), dict(told["after"])
    except (ValueError, TypeError, KeyError):
        return []
    changed = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    return [line for name in changed for line in _line(name, before.get(name), after.get(name))]


def _line(name: str, before: Any, after: Any) -> Iterator[str]:
    if name in LISTS and isinstance(before, list) and isinstance(after, list):
        yield f"{LISTS[name]}: {_moved(before, after)}"
    elif name == "imported_packs" and isinstance(before, dict) and isinstance(after, dict):
        yield from (_pack(before.get(key), after.get(key)) for key in {**before, **after})
    elif name == "wordings" and isinstance(before, dict) and isinstance(after, dict):
        yield from (_wording(before.get(key), after[key]) for key in after)
    elif name == "confirmation_texts" and isinstance(before, dict) and isinstance(after, dict):
        yield from _texts(before, after)
    elif name.startswith("endpoint:") and isinstance(before, dict) and isinstance(after, dict):
        yield _endpoint(name.partition(":")[2], before, after)
    elif name == "missed_stops" and isinstance(before, dict) and isinstance(after, dict):
        yield _missed(before, after)
    else:
        label, words = VALUES.get(name, (name, str))
        yield f"{label}: {words(before)} → {words(after)}"


def _moved(before: list[Any], after: list[Any]) -> str:
    added = [str(each) for each in after if each not in before]
    removed = [str(each) for each in before if each not in after]
    parts = [f"added {', '.join(added)}" if added else "", f"removed {', '.join(removed)}" if removed else ""]
    return "; ".join(filter(None, parts)) or "another order"


def _pack(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    name = (after or before or {}).get("name", "")
    if before is None:
        return f"Word pack {name}: imported"
    return f"Word pack {name}: {'removed' if after is None else 'imported again with other words'}"


def _wording(before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    name = f"Wording “{after.get('name', '')}”"
    if before is None:
        return f"{name}: added"
    if before.get("retired") != after.get("retired"):
        return f"{name}: {'retired' if after.get('retired') else 'offered again'}"
    if before.get("text") == after.get("text"):
        return f"{name}: renamed, or another language"
    return f"{name}: a new version, “{after.get('text', '')}”"


def _texts(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """A text is empty where there is none."""
    for language in {**before, **after}:
        was, is_ = before.get(language) or {}, after.get(language) or {}
        for status in {**was, **is_}:
            if was.get(status) != is_.get(status):
                kind = "an opt-out" if status == "opted_out" else "an opt-in"
                said = f"“{is_[status]}”" if status in is_ else "taken away"
                yield f"Confirmation of {kind} ({language or 'all other languages'}): {said}"


def _endpoint(number: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """Without secrets, which are never on record; a number is an event or a version."""
    if set(after) == {"off"}:
        return f"Endpoint {number}: switched {'off' if after['off'] else 'on'}"
    changed = [key for key in {**before, **after} if before.get(key) != after.get(key)]
    said = ", ".join(f"{key.replace('_', ' ')} {_plain(after[key])}" for key in changed if key in after)
    return f"Endpoint {number}: {said or 'deleted'}"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return ON_OFF[value] if isinstance(value, bool) else "none" if value is None else str(value)


def _missed(before: dict[str, Any], after: dict[str, Any]) -> str:
    waited = f"{before.get('opt_outs', 0)} opt-outs and {before.get('reviews', 0)} messages to review"
    if after.get("decision") == "honoured":
        return f"Missed stops, {waited}: honoured"
    return f"Missed stops, {waited}: left as they were, because {after.get('reason', '')}"


def _clock(minute: int | None) -> str:
    return "any time" if minute is None else f"{minute // 60:02}:{minute % 60:02}"


def _counted(noun: str, none: str = "") -> Callable[[int | None], str]:
    return lambda n: none if n is None else f"{n} {noun}{'s' if n != 1 else ''}"


LISTS = {
    "opt_out_words": "Opt-out keywords",
    "opt_in_words": "Opt-in keywords",
    "packs": "Word packs that are on",
}
VALUES: dict[str, tuple[str, Callable[[Any], str]]] = {
    "keywords_enabled": ("Opt-out by keyword", lambda on: ON_OFF.get(on, "")),
    "unknown_may_receive": (
        "Customers without a record",
        lambda may: "may receive marketing" if may else "left out of marketing",
    ),
    "inbound_days": ("Texts of customers are kept for", _counted("day")),
    "reconfirm_months": ("Opt-ins are good for", _counted("month", "ever")),
    "confirm_since": ("Confirmations", lambda since: "on" if since else "off"),
    "confirm_in_agent_chats": ("Confirmations while Meta’s agent answers", lambda on: ON_OFF.get(on, "")),
    "zone": ("Time zone", str),
    "window_from": ("Marketing from", _clock),
    "window_until": ("Marketing until", _clock),
    "sending": ("Sending", lambda on: "allowed" if on else "stopped"),
    "sending_confirmed": (
        "Sending after a restore or a move",
        lambda done: "confirmed" if done else "not confirmed",
    ),
    "alarm_hours": ("Alarm after a silence of", _counted("hour")),
}
"""What each setting is called, and its value in words."""
