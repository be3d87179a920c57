"""What a message can mean for consent."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Decision(StrEnum):
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    REVIEW = "review"
    NONE = "none"


@dataclass(frozen=True)
class Reading:
    """A decision, the keyword or phrase that tipped it, as configured, and why, in words.

    `why` completes a sentence that begins with "The message"; a reading without a decision has none.
    """

    decision: Decision
    matched: str = ""
    why: str = ""

    def without_change(self) -> "Reading":
        """The same, but a person decides: for messages that may not change a state by themselves."""
        return self if self.decision is Decision.NONE else replace(self, decision=Decision.REVIEW)


NOTHING = Reading(Decision.NONE)
