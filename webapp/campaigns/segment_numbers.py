"""Numbers that somebody types or uploads for a static segment, and the customers that they are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from webapp.campaigns.named_people import Line
from webapp.customers import identities
from webapp.customers.phones import MalformedPhone, parse_phone

MOST_NAMED = 20
"""So many lines are named; the others are counted."""
SOURCE = "agent"


@dataclass
class Looked:
    """What became of each number, by the lines."""

    customers: list[int] = field(default_factory=list)
    created: int = 0
    unknown: list[int] = field(default_factory=list)
    malformed: list[int] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """All of it for people."""
        parts = [f"{len(self.customers) - self.created:,} found"]
        parts += [f"{self.created:,} added as customers with no record"] if self.created else []
        parts += [_named("unknown", self.unknown)] if self.unknown else []
        parts += [_named("no phone number", self.malformed)] if self.malformed else []
        return ", ".join(parts) + "."


def look_up(lines: Iterable[Line], *, add_unknown: bool, now: datetime) -> Looked:
    """Find the customer of each number; an unknown one becomes a customer only when that was asked for."""
    looked = Looked()
    for line in lines:
        try:
            parse_phone(line.text)
            customer = identities.find_by_any_phone(line.text)
            if customer is None and add_unknown:
                customer = identities.create(phone=line.text, source=SOURCE, now=now)
                looked.created += 1
        except MalformedPhone:
            looked.malformed.append(line.number)
            continue
        if customer is None:
            looked.unknown.append(line.number)
        elif customer.id not in looked.customers:
            looked.customers.append(customer.id)
    return looked


def _named(what: str, lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:MOST_NAMED])) + ("…" if len(lines) > MOST_NAMED else "")
    return f"{len(lines):,} {what} (line{'s' if len(lines) > 1 else ''} {shown})"
