"""What a restored desk lacks of the one it was, in sentences for whoever has to decide. Pure."""

from collections.abc import Mapping
from typing import Any

NO_JOURNAL = "There was no opt-out journal (opt-outs.log): who opted out after the backup is not known here."
GAP = (
    "The opt-out journal does not hold its last entry of before the backup: it was shortened since, or is "
    "another one. Who opted out in between may be missing here."
)
NO_OPT_OUT = "No opt-out came after the backup, as far as the opt-out journal tells."


def sentences(found: Mapping[str, Any]) -> list[str]:
    """Each says one thing that differs; what is nothing is not said, but for the opt-outs."""
    told = [_opt_outs(found), *([GAP] if found["journal"] and found.get("gap") else [])]
    told += [_counted(found[name], *words) for name, words in _TOLD.items() if found.get(name)]
    return told


def _opt_outs(found: Mapping[str, Any]) -> str:
    if not found["journal"]:
        return NO_JOURNAL
    if not found["entries"]:
        return NO_OPT_OUT
    entries = _counted(found["entries"], "entry", "entries")
    people = _counted(found["people"], "person was", "people were")
    newest = f"the newest is of {found['newest']}"
    return f"Opt-outs after the backup: {entries} in the journal, {people} stopped again; {newest}."


def _counted(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


_TOLD: dict[str, tuple[str, str]] = {
    "unclaimed": (
        "new address is kept as stopped; whoever comes with it is stopped at once.",
        "new addresses are kept as stopped; whoever comes with one is stopped at once.",
    ),
    "keyless": (
        "entry was made with another suppression.key: it found its person by the record alone.",
        "entries were made with another suppression.key: they found people by the record alone.",
    ),
    "unreadable": (
        "line of the journal is none, and was passed over.",
        "lines of the journal are none, and were passed over.",
    ),
    "erased": ("person was erased again.", "people were erased again."),
    "deliveries": (
        "message waited or was on its way and may have been sent since: it is not sent again.",
        "messages waited or were on their way and may have been sent since: they are not sent again.",
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
        "campaign was scheduled. It does not start by itself, for it may have been sent since.",
        "campaigns were scheduled. They do not start by themselves, for they may have been sent since.",
    ),
    "drafts": (
        "draft may have been sent since: look in WhatsApp before you send it.",
        "drafts may have been sent since: look in WhatsApp before you send one.",
    ),
}
