"""Whose word counts: what one change does to a customer's consent.

Pure: no database, no clock. The order is that of `occurred_at` (when the customer said it), never of arrival.
WhatsApp's times have whole seconds, so whole seconds are compared, and a tie goes to the opt-out.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Status(StrEnum):
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    CONSENT = "consent"
    PLATFORM_STOP = "platform_stop"
    HOLD = "hold"
    IDENTITY = "identity"
    POLICY = "policy"
    ERASURE = "erasure"


class Source(StrEnum):
    AGENT = "agent"
    KEYWORD = "keyword"
    BUTTON = "button"
    WHATSAPP = "whatsapp"
    DELIVERY_FAILURE = "delivery_failure"
    IMPORT = "import"
    API = "api"
    REVIEW = "review"
    SYSTEM = "system"


class Effect(StrEnum):
    CHANGED = "changed"
    NONE = "none"


class Turn(StrEnum):
    """What an event of kind platform_stop or hold says."""

    STOPPED = "stopped"
    RESUMED = "resumed"
    HELD = "held"
    RELEASED = "released"


class ReviewKind(StrEnum):
    """What waits for a person. Only the first pauses marketing, and only it ends by itself: in an opt-out."""

    HOLD = "hold"
    LISTEN = "listen"
    SIGNUP = "signup"


NOT_A_STOP, WAS_A_STOP, HANDED_OVER = "not_a_stop", "opt_out", "merged"
"""How the review of a message ends; its event gives it as the reason. Handed over: the customer was merged
into another one, and the review goes on there."""

SAME_STATUS = "same_status"

UNDO_WINDOW = timedelta(minutes=10)
"""So long somebody may take back their own latest change."""

OWN_WORDS = frozenset({Source.KEYWORD, Source.BUTTON})
OWN_OPT_OUT = frozenset({Source.KEYWORD, Source.BUTTON, Source.WHATSAPP, Source.REVIEW})
"""Opt-outs that are the customer's own; a reviewed message is the customer's words read by a person."""


class ConsentRefused(Exception):
    """An opt-in that may not be recorded. An opt-out is never refused."""


class OlderThanOptOut(ConsentRefused):
    """The stated time is not later than an opt-out on record, which happened at `opt_out_at`."""

    def __init__(self, opt_out_at: datetime) -> None:
        super().__init__("The customer opted out at or after the time you state.")
        self.opt_out_at = opt_out_at


class EvidenceMissing(ConsentRefused):
    """An opt-in that is not the customer's own words needs evidence."""


class OptedOutStands(ConsentRefused):
    """An import never lifts an opt-out, whatever the times."""

    def __init__(self, opt_out_at: datetime) -> None:
        super().__init__("The customer opted out, and an import never lifts an opt-out.")
        self.opt_out_at = opt_out_at


@dataclass(frozen=True)
class State:
    """What the ledger says of one customer. Times are `occurred_at` of the events named."""

    status: Status = Status.UNKNOWN
    status_at: datetime | None = None
    status_event_id: int | None = None
    opt_out_at: datetime | None = None
    own_opt_out_at: datetime | None = None
    own_opt_in_at: datetime | None = None
    platform_stop_at: datetime | None = None
    platform_resume_at: datetime | None = None
    held_at: datetime | None = None


@dataclass(frozen=True)
class Change:
    """One statement about a customer's consent, before it is recorded."""

    status: Status
    source: Source
    now: datetime
    stated_at: datetime | None = None
    """When the customer said it; None when nobody stated a time, which means now."""
    has_evidence: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a change does. `reason` says why it changed nothing."""

    effect: Effect
    occurred_at: datetime
    reason: str = ""


def decide(state: State, change: Change) -> Verdict | None:
    """What `change` does to `state`; None when there is nothing to record.

    Raises ConsentRefused for an opt-in that may not be recorded.
    """
    if change.status == Status.OPTED_OUT:
        return _decide_opt_out(state, change)
    if change.source in OWN_WORDS:
        return _decide_own_opt_in(state, change)
    if not change.has_evidence:
        raise EvidenceMissing("Marketing needs proof that the customer agreed.")
    if change.source == Source.IMPORT:
        return _decide_imported_opt_in(state, change)
    return _decide_stated_opt_in(state, change)


def _decide_opt_out(state: State, change: Change) -> Verdict | None:
    occurred_at = not_in_future(change.stated_at, change.now)
    if state.status == Status.OPTED_OUT:
        return _repetition(change, occurred_at)
    if change.source not in (Source.AGENT, Source.IMPORT) and _later_than(
        state.own_opt_in_at, occurred_at, change.now
    ):
        return Verdict(Effect.NONE, occurred_at, "newer_opt_in")
    return Verdict(Effect.CHANGED, occurred_at)


def _decide_own_opt_in(state: State, change: Change) -> Verdict | None:
    occurred_at = not_in_future(change.stated_at, change.now)
    if state.opt_out_at and not later(occurred_at, state.opt_out_at):
        return Verdict(Effect.NONE, occurred_at, "newer_opt_out")
    if state.status == Status.OPTED_IN:
        return _repetition(change, occurred_at)
    return Verdict(Effect.CHANGED, occurred_at)


def _decide_imported_opt_in(state: State, change: Change) -> Verdict | None:
    occurred_at = not_in_future(change.stated_at, change.now)
    if state.status == Status.OPTED_OUT:
        raise OptedOutStands(state.opt_out_at or state.status_at or change.now)
    if state.status == Status.OPTED_IN:
        return None
    return Verdict(Effect.CHANGED, occurred_at)


def _decide_stated_opt_in(state: State, change: Change) -> Verdict | None:
    """A person, or a system for a person, records a statement of the customer with evidence."""
    if change.stated_at is None or change.stated_at >= change.now:
        occurred_at = _after(state.opt_out_at, change.now)
    else:
        occurred_at = change.stated_at
    if state.own_opt_out_at and not later(occurred_at, state.own_opt_out_at):
        raise OlderThanOptOut(state.own_opt_out_at)
    if state.opt_out_at and not later(occurred_at, state.opt_out_at):
        if change.source == Source.AGENT:
            raise OlderThanOptOut(state.opt_out_at)
        return Verdict(Effect.NONE, occurred_at, "newer_opt_out")
    if state.status == Status.OPTED_IN:
        return _repetition(change, occurred_at)
    return Verdict(Effect.CHANGED, occurred_at)


def _repetition(change: Change, occurred_at: datetime) -> Verdict | None:
    """The same status again: nothing from an agent or import, an event without effect from the others."""
    if change.source in (Source.AGENT, Source.IMPORT):
        return None
    return Verdict(Effect.NONE, occurred_at, SAME_STATUS)


def repeated(change: Change) -> Verdict:
    """For the same status again where it has to be on record, whoever states it."""
    return Verdict(Effect.NONE, not_in_future(change.stated_at, change.now), SAME_STATUS)


def _after(opt_out_at: datetime | None, now: datetime) -> datetime:
    """`now`, moved behind an opt-out of the same second: who states no time has seen that opt-out."""
    if opt_out_at and not later(now, opt_out_at):
        return opt_out_at + timedelta(seconds=1)
    return now


def decide_platform(state: State, turn: Turn, stated_at: datetime | None, now: datetime) -> Verdict:
    """WhatsApp's own stop, or the end of it; a *resume* touches nothing else (Meta, user_preferences)."""
    occurred_at = not_in_future(stated_at, now)
    if turn == Turn.STOPPED:
        if _later_than(state.platform_resume_at, occurred_at, now):
            return Verdict(Effect.NONE, occurred_at, "newer_resume")
        if state.platform_stop_at:
            return Verdict(Effect.NONE, occurred_at, "same_status")
        return Verdict(Effect.CHANGED, occurred_at)
    if state.platform_stop_at is None:
        return Verdict(Effect.NONE, occurred_at, "same_status")
    if not later(occurred_at, state.platform_stop_at):
        return Verdict(Effect.NONE, occurred_at, "newer_stop")
    return Verdict(Effect.CHANGED, occurred_at)


def not_in_future(stated_at: datetime | None, now: datetime) -> datetime:
    """A time that was not stated, or lies in the future, counts as now."""
    return now if stated_at is None or stated_at > now else stated_at


def _later_than(permitted_at: datetime | None, stopped_at: datetime, now: datetime) -> bool:
    """Whether what permits was said after a stop. If it lies in the future, because the clock was put back
    since, it counts as now, too: so it does not stand against a stop that is heard now."""
    return permitted_at is not None and later(not_in_future(permitted_at, now), stopped_at)


def later(one: datetime, other: datetime) -> bool:
    """Whether `one` lies in a later second than `other`."""
    return _second(one) > _second(other)


def _second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
