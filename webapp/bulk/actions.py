"""What can be done with many customers at once, and how it is called. There is no opt-in among it: proof is
of one person, so many opt-ins come only by an import that brings the proof of each."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from webapp.customers.attributes.values import display

LONGEST_SHOWN = 60
"""Characters of a value in the title of a batch."""


class ActionKind(StrEnum):
    OPT_OUT = "opt_out"
    ADD_TAGS = "add_tags"
    REMOVE_TAGS = "remove_tags"
    SET_ATTRIBUTE = "set_attribute"
    ADD_TO_SEGMENT = "add_to_segment"


class Failed(Exception):
    """What the change is about is gone, so it ends here; the message is a sentence that says so."""


@dataclass(frozen=True)
class Action:
    """`what`, by kind: `channel` and `words` of the evidence; `tags` (ids); `key` (id), its `type` and the
    `value` (None clears it); `segment` (id). `names` are what people call it."""

    kind: ActionKind
    what: dict[str, Any]
    names: tuple[str, ...] = field(default=())

    def title(self, n: int) -> str:
        """Like “Added tag VIP to 1,204 customers”."""
        people = customers(n)
        named = ", ".join(self.names)
        match self.kind:
            case ActionKind.OPT_OUT:
                return f"Opted out {people}"
            case ActionKind.ADD_TAGS:
                return f"Added {_tags(self.names)} to {people}"
            case ActionKind.REMOVE_TAGS:
                return f"Removed {_tags(self.names)} from {people}"
            case ActionKind.ADD_TO_SEGMENT:
                return f"Added {people} to segment {named}"
            case _ if self.what["value"] is None:
                return f"Cleared {named} of {people}"
            case _:
                value = shortened(display(self.what["value"], self.what["type"]))
                return f"Set {named} to {value} for {people}"


def customers(n: int) -> str:
    return f"{n:,} customer{'s' if n != 1 else ''}"


def shortened(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _tags(names: tuple[str, ...]) -> str:
    return f"tag{'s' if len(names) != 1 else ''} {', '.join(names)}"
