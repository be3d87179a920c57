"""What a restored desk lacks of the one it was, in sentences for whoever has to decide. Pure."""

from collections.abc import Mapping
from typing import Any


def sentences(found: Mapping[str, Any]) -> list[str]:
    """Each says one thing that differs; what is nothing is not said, but for the opt-outs."""
    told = [_opt_outs(found)]
    told += [
        words for name, words in _TOLD.items() if found.get(name) for words in [_counted(found[name], words)]
    ]
    return told


def _opt_outs(found: Mapping[str, Any]) -> str:
    if not found["journal"]:
        return "There was no opt-out journal (opt-outs.log): who opted out after the backup is not known to this desk."
    if not found["entries"]:
        return "No opt-out came after the backup, as far as the opt-out journal tells."
    entries = _counted(found["entries"], ("entry", "entries"))
    people = _counted(found["people"], ("person was", "people were"))
    return f"Opt-outs after the backup: {entries} in the journal, {people} stopped again; the newest is of {found['newest']}."


def _counted(n: int, words: tuple[str, str]) -> str:
    return f"{n:,} {words[0] if n == 1 else words[1]}"


_TOLD: dict[str, tuple[str, str]] = {
    "unclaimed": (
        "address that this desk does not know is kept as opted out; whoever comes with it is opted out at once.",
        "addresses that this desk does not know are kept as opted out; whoever comes with one is opted out at once.",
    ),
    "keyless": (
        "entry of the journal was made with another suppression.key: only people who were on record are found by it.",
        "entries of the journal were made with another suppression.key: only people who were on record are found by them.",
    ),
    "unreadable": (
        "line of the journal is none, and was passed over.",
        "lines of the journal are none, and were passed over.",
    ),
    "erased": ("person was erased again.", "people were erased again."),
    "deliveries": (
        "message waited or was on its way: it may have been sent since, so it is unknown and is not sent again.",
        "messages waited or were on their way: they may have been sent since, so they are unknown and are not sent again.",
    ),
    "confirmations": (
        "confirmation of an opt-out is in doubt and is not sent again.",
        "confirmations of opt-outs are in doubt and are not sent again.",
    ),
    "paused": ("campaign was running and is paused.", "campaigns were running and are paused."),
    "cancelled": (
        "campaign was being prepared and is cancelled: a part of its audience may have got it.",
        "campaigns were being prepared and are cancelled: a part of their audience may have got them.",
    ),
    "missed": (
        "campaign was scheduled: it does not start by itself, for it may have been sent since.",
        "campaigns were scheduled: they do not start by themselves, for they may have been sent since.",
    ),
    "drafts": (
        "draft may have been sent since: look in WhatsApp before you send it.",
        "drafts may have been sent since: look in WhatsApp before you send one.",
    ),
}
