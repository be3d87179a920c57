"""How a history folds into a state. Pure; what each event did is written in the event itself."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from webapp.consent.rules import OWN_OPT_OUT, OWN_WORDS, Effect, Kind, State, Status, Turn, later


class Recorded(Protocol):
    """The columns of an event that the fold reads."""

    id: int
    kind: str
    status: str | None
    source: str
    effect: str
    compensates: int | None
    occurred_at: datetime


def advance(state: State, event: Recorded) -> State:
    """The state after one more event that is not an undo (see `fold`)."""
    if event.kind == Kind.CONSENT:
        return _advance_consent(state, event)
    if event.kind == Kind.PLATFORM_STOP:
        return _advance_platform_stop(state, event)
    if event.kind == Kind.HOLD and event.effect == Effect.CHANGED:
        return replace(state, held_at=event.occurred_at if event.status == Turn.HELD else None)
    return state


def _advance_consent(state: State, event: Recorded) -> State:
    moved: dict[str, Any] = {}
    if event.status == Status.OPTED_OUT:
        moved["opt_out_at"] = _latest(state.opt_out_at, event.occurred_at)
        if event.source in OWN_OPT_OUT:
            moved["own_opt_out_at"] = _latest(state.own_opt_out_at, event.occurred_at)
    elif event.source in OWN_WORDS:
        moved["own_opt_in_at"] = _latest(state.own_opt_in_at, event.occurred_at)
    if event.effect == Effect.CHANGED:
        status = Status(event.status)
        moved |= {"status": status, "status_at": event.occurred_at, "status_event_id": event.id}
    return replace(state, **moved)


def _advance_platform_stop(state: State, event: Recorded) -> State:
    if event.status == Turn.RESUMED:
        state = replace(state, platform_resume_at=_latest(state.platform_resume_at, event.occurred_at))
        return replace(state, platform_stop_at=None) if event.effect == Effect.CHANGED else state
    if event.effect == Effect.CHANGED or (
        state.platform_stop_at and later(event.occurred_at, state.platform_stop_at)
    ):
        return replace(state, platform_stop_at=event.occurred_at)
    return state


def fold(events: Iterable[Recorded]) -> State:
    """The state that a customer's events, oldest first, add up to.

    An undo restores what stood before the event that it compensates, which is always the one before it.
    """
    state = before = State()
    for event in events:
        if event.compensates is not None:
            state = before
            continue
        before, state = state, advance(state, event)
    return state


def _latest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None or other > one else one
