"""The gate: the one rule that says whether a message of a category may go to a customer now.

Pure. Its SQL twin stands in `gate_query.py`; one truth table runs both.
"""

from dataclasses import dataclass
from datetime import datetime
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
    status_at: datetime | None = None
    """When the customer said what the status says."""


@dataclass(frozen=True)
class Terms:
    """What the workspace's policy adds to the rule. The default is the strictest that has no period."""

    unknown_may_receive: bool = False
    opted_in_since: datetime | None = None
    """Opt-ins from before count as no consent; None: they stay good."""


STRICT = Terms()


def suppression(facts: Facts, category: Category, terms: Terms = STRICT) -> Suppression | None:
    """The reason to leave this person out, or None when the message may go."""
    if facts.erased:
        return Suppression.ERASED
    if category == Category.MARKETING and (reason := _marketing(facts, terms)):
        return reason
    return Suppression.UNREACHABLE if facts.unreachable else None


def _marketing(facts: Facts, terms: Terms) -> Suppression | None:
    if facts.status == Status.OPTED_OUT:
        return Suppression.OPTED_OUT
    if facts.platform_stop:
        return Suppression.PLATFORM_STOP
    if facts.on_hold:
        return Suppression.ON_HOLD
    if facts.status == Status.OPTED_IN and not lapsed(facts.status_at, terms.opted_in_since):
        return None
    if facts.status == Status.UNKNOWN and terms.unknown_may_receive:
        return None
    return Suppression.NO_CONSENT


def lapsed(opted_in_at: datetime | None, since: datetime | None) -> bool:
    """Whether an opt-in has to be given again; one of which no time is known has, once there is a period."""
    return since is not None and (opted_in_at is None or opted_in_at < since)
