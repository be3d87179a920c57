"""One customer's consent history, as people read it: newest first, each entry in words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.actors import actor_names
from webapp.consent import confirmations, ledger, state, undoing
from webapp.consent.models import Confirmation, ConsentEvent, Evidence
from webapp.consent.rules import Kind, Source, Status, Turn
from webapp.customers import merging, wording
from webapp.customers.exhibits import NOTHING, Exhibit, exhibits_of
from webapp.customers.rows import Reader
from webapp.extensions import db


@dataclass(frozen=True)
class Entry:
    """One event of the ledger for the timeline."""

    seq: int
    title: str
    exhibit: Exhibit
    by: str
    """By whom, and whether the customer got a confirmation."""
    change: str
    """What it made of the customer's status, or why it changed nothing."""
    icon: str
    tone: str
    """good, bad, warning or nothing: the colour of its mark, always beside the title's words."""
    occurred_at: datetime
    recorded_at: datetime
    undoable: bool


def entries(customer_id: int, reader: Reader, now: datetime) -> list[Entry]:
    """The history of a customer, newest first."""
    events = ledger.history(*merging.merged_ids(customer_id))
    evidence = _evidence(events)
    exhibits = exhibits_of(evidence)
    names = actor_names(event.actor for event in events)
    answered = confirmations.of_customers({event.customer_id for event in events})
    own = [event for event in events if event.customer_id == customer_id]
    undoable = undoing.undoable(own, reader.actor, now)
    changes = _changes(events)
    return [
        _entry(
            event,
            exhibits.get(event.id, NOTHING),
            names[event.actor],
            changes[event.id],
            undoable == event.id,
            answered.get(event.id),
        )
        for event in reversed(events)
    ]


def _changes(events: list[ConsentEvent]) -> dict[int, str]:
    """For each event what it did; the records of one person that were merged had a state each."""
    told: dict[int, str] = {}
    for customer_id in {event.customer_id for event in events}:
        own = [event for event in events if event.customer_id == customer_id]
        states = state.steps(own)
        for event, before, after in zip(own, states[:-1], states[1:], strict=True):
            moved = before.status != after.status
            told[event.id] = (
                wording.change(before.status, after.status)
                if moved
                else wording.no_effect(event.effect, event.reason)
            )
    return told


def _evidence(events: list[ConsentEvent]) -> dict[int, Evidence]:
    owners = {event.customer_id for event in events}
    query = select(Evidence).join(ConsentEvent).where(ConsentEvent.customer_id.in_(owners))
    return {row.event_id: row for row in db.session.scalars(query)}


def _entry(
    event: ConsentEvent, exhibit: Exhibit, by: str, change: str, undoable: bool, answer: Confirmation | None
) -> Entry:
    confirmed = wording.confirmed(answer.state, answer.reason, answer.error_code) if answer else ""
    return Entry(
        seq=event.id,
        title=wording.headline(event, exhibit.channel),
        exhibit=exhibit,
        by=" ".join(filter(None, [f"By {by}.", confirmed])),
        change=change,
        icon=_icon(event),
        tone=_tone(event),
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        undoable=undoable,
    )


def _tone(event: ConsentEvent) -> str:
    if event.kind in (Kind.PLATFORM_STOP, Kind.HOLD):
        return "good" if event.status in (Turn.RESUMED, Turn.RELEASED) else "warning"
    return {Status.OPTED_OUT: "bad", Status.OPTED_IN: "good"}.get(event.status or "", "")


ICONS = {
    Source.KEYWORD: "message-square",
    Source.BUTTON: "reply",
    Source.IMPORT: "file-up",
    Source.API: "globe",
    Source.REVIEW: "eye",
}


def _icon(event: ConsentEvent) -> str:
    if event.compensates is not None:
        return "undo-2"
    if event.kind == Kind.IDENTITY:
        return "users"
    if event.kind == Kind.PLATFORM_STOP:
        return "circle-play" if event.status == Turn.RESUMED else "circle-slash"
    if event.kind == Kind.HOLD:
        return "user-check" if event.status == Turn.RELEASED else "circle-pause"
    return ICONS.get(Source(event.source), "hand")
