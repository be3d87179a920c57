"""An opt-out that somebody states once more. Nothing comes of it and no entry is made, as long as the one on
record stays. But whoever did it may undo that one, and a batch may be taken back: what was stated since then
has to stand beside it, or it would go with it. One such entry is enough, unless it may be undone itself."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, select

from webapp.consent import state
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import UNDO_WINDOW, Kind, Source
from webapp.extensions import db
from webapp.many_rows import among

UNDOABLE = (Source.AGENT, Source.REVIEW)
OF_BATCHES = (Source.AGENT, Source.IMPORT)


def wanted(
    opted_out_by: Mapping[int, int | None], *, actor: str, batch_id: int | None, now: datetime
) -> set[int]:
    """Of customers who are opted out, by the events that did it: those of whom an opt-out by `actor`, or in
    this batch, is put on record, as the one that stands, and what stands beside it, may be taken back."""
    undoable = partial(_undoable, actor=actor, batch_id=batch_id, now=now)
    ids = sorted(filter(None, opted_out_by.values()))
    standing = _events(among(ConsentEvent.id, ids)) if ids else ()
    first = {row.customer_id: row.id for row in standing if _of_another_batch(row, batch_id) or undoable(row)}
    later = _later(first)
    return {
        id for id, event_id in first.items() if all(map(undoable, state.standing_over(later[id], event_id)))
    }


def _of_another_batch(event: Any, batch_id: int | None) -> bool:
    return event.batch_id not in (None, batch_id) and event.source in OF_BATCHES


def _undoable(event: Any, *, actor: str, batch_id: int | None, now: datetime) -> bool:
    """By a colleague, or by the same person, who says it of many now, or said it of many: those are two
    statements, and a double click is none."""
    young = event.kind == Kind.CONSENT and now - event.recorded_at <= UNDO_WINDOW
    same = (event.actor, event.batch_id) == (actor, batch_id)
    return young and not same and event.source in UNDOABLE


def _later(first: Mapping[int, int]) -> dict[int, list[Any]]:
    """What was recorded of these customers from those events on."""
    found: dict[int, list[Any]] = defaultdict(list)
    if first:
        since = ConsentEvent.id >= min(first.values())
        for row in _events(among(ConsentEvent.customer_id, sorted(first)), since):
            found[row.customer_id].append(row)
    return found


def _events(*where: ColumnElement[bool]) -> Iterable[Any]:
    columns = (ConsentEvent.id, ConsentEvent.customer_id, ConsentEvent.kind, ConsentEvent.source,
               ConsentEvent.actor, ConsentEvent.batch_id, ConsentEvent.recorded_at,
               ConsentEvent.compensates)  # fmt: skip
    return db.session.execute(select(*columns).where(*where))
