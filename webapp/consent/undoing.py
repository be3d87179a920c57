"""Undo: an agent takes back their own latest change. The caller commits."""

from datetime import datetime

from webapp.consent import ledger, state
from webapp.consent.models import ConsentEvent, ConsentState
from webapp.consent.rules import UNDO_WINDOW, Effect, Kind, Source, Verdict


class NotUndoable(Exception):
    """This event cannot be undone (any more); the message says why."""


def undo(
    customer: ConsentState, event_id: int, *, actor: str, now: datetime, source: Source = Source.AGENT
) -> ConsentEvent:
    """Take back one's own latest change; the state before it comes back with its evidence.

    The `source` tells who offers it: what an agent decided in a review is taken back by the review alone,
    which pauses marketing again. Raises NotUndoable when it is not the customer's latest event, came from
    somebody else than this agent, or is older than ten minutes.
    """
    ledger.lock(customer)
    events = ledger.history(customer.id)
    if not events or events[-1].id != event_id:
        raise NotUndoable("Something newer is on record for this customer.")
    _check_undoable(events[-1], actor, now, source)
    before = state.fold(events[:-1])
    event = ledger.new_event(
        customer, Kind.CONSENT, Verdict(Effect.CHANGED, now), source=Source.AGENT, actor=actor, now=now
    )
    event.status = before.status
    event.compensates = event_id
    ledger.append_compensation(customer, event, before)
    return event


def _check_undoable(latest: ConsentEvent, actor: str, now: datetime, source: Source) -> None:
    if latest.source != source or latest.kind != Kind.CONSENT or latest.compensates:
        raise NotUndoable("Only an agent's own change can be undone.")
    if latest.actor != actor:
        raise NotUndoable("Only the person who made this change can undo it.")
    if now - latest.recorded_at > UNDO_WINDOW:
        raise NotUndoable("A change can be undone within ten minutes.")


def undoable(events: list[ConsentEvent], actor: str, now: datetime) -> int | None:
    """The id of the event that this actor may undo now, if there is one; `events` oldest first."""
    if not events:
        return None
    try:
        _check_undoable(events[-1], actor, now, Source.AGENT)
    except NotUndoable:
        return None
    return events[-1].id
