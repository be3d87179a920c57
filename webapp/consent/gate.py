"""The gate: the one rule that says whether a message of a category may go to a customer now.

Pure. Its SQL twin stands in `gate_query.py`; one truth table runs both.
"""

from dataclasses import dataclass
from enum import StrEnum

from webapp.consent.rules import Status


class Category(StrEnum):
    MARKETING = "MARKETING"
    UTILITY = "UTILITY"
    AUTHENTICATION = "AUTHENTICATION"

    @classmethod
    def of(cls, name: object) -> "Category":
        """The category of that name; one that we do not know counts as MARKETING."""
        try:
            return cls(str(name).strip().upper())
        except ValueError:
            return cls.MARKETING


class Suppression(StrEnum):
    """Why a customer is left out; when several apply the first of this list counts."""

    ERASED = "erased"
    OPTED_OUT = "opted_out"
    PLATFORM_STOP = "platform_stop"
    ON_HOLD = "on_hold"
    NO_CONSENT = "no_consent"
    UNREACHABLE = "unreachable"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Facts:
    """What the gate looks at. The default is a person of whom nothing is known."""

    status: str = Status.UNKNOWN
    erased: bool = False
    platform_stop: bool = False
    on_hold: bool = False
    unreachable: bool = False


def suppression(facts: Facts, category: Category, unknown_may_receive: bool = False) -> Suppression | None:
    """The reason to leave this person out, or None when the message may go."""
    if facts.erased:
        return Suppression.ERASED
    if category == Category.MARKETING and (reason := _marketing(facts, unknown_may_receive)):
        return reason
    return Suppression.UNREACHABLE if facts.unreachable else None


def _marketing(facts: Facts, unknown_may_receive: bool) -> Suppression | None:
    if facts.status == Status.OPTED_OUT:
        return Suppression.OPTED_OUT
    if facts.platform_stop:
        return Suppression.PLATFORM_STOP
    if facts.on_hold:
        return Suppression.ON_HOLD
    if facts.status == Status.OPTED_IN:
        return None
    if facts.status == Status.UNKNOWN and unknown_may_receive:
        return None
    return Suppression.NO_CONSENT
