"""How WhatsApp and the desk fare: one line for each thing that can go wrong, and what to do then."""

from dataclasses import dataclass
from datetime import datetime

from webapp.config import Settings
from webapp.status import desk_lines, ledger_lines, safety_lines, whatsapp_lines
from webapp.status.line import BAD, GOOD, WARNING, Line, count


@dataclass(frozen=True)
class Group:
    name: str
    lines: list[Line]


def groups(settings: Settings, now: datetime, *, admin: bool) -> list[Group]:
    """`admin`: also what only those see who can put it right."""
    return [
        Group("WhatsApp", list(whatsapp_lines.lines(settings, now))),
        Group("This desk", list(desk_lines.lines(settings, now, admin=admin))),
        Group("Safekeeping", list(safety_lines.lines(settings, now))),
        Group("The ledger", list(ledger_lines.lines(settings, now, admin=admin))),
    ]


def headline(found: list[Group]) -> tuple[str, str]:
    """(tone, sentence) of it all."""
    tones = [line.tone for group in found for line in group.lines]
    wrong, looks = tones.count(BAD), tones.count(WARNING)
    said = [count(wrong, "thing is wrong", "things are wrong")] if wrong else []
    said += [count(looks, "thing wants a look", "things want a look")] if looks else []
    if said:
        return BAD if wrong else WARNING, f"{', '.join(said)}."
    return GOOD, "WhatsApp and the desk are well."
