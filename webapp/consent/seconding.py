"""An opt-out that somebody states once more. Nothing comes of it and no entry is made, as long as the one on
record stays. But a colleague may undo that one, and a batch may be taken back: what was stated since then has
to stand beside it, or it would go with it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.consent import state
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import UNDO_WINDOW, Source
from webapp.extensions import db
from webapp.many_rows import among

UNDOABLE = (Source.AGENT, Source.REVIEW)
OF_BATCHES = (Source.AGENT, Source.IMPORT)


def wanted(
    opted_out_by: Mapping[int, int | None], *, actor: str, batch_id: int | None, now: datetime
) -> set[int]:
    """Of customers who are opted out, by the events that did it: those of whom an opt-out by `actor`, or in
    this batch, is put on record, because somebody else may take back the one that stands."""
    first = _revocable(list(filter(None, opted_out_by.values())), actor, batch_id, now)
    later = _later(first)
    return {id for id, event_id in first.items() if not state.stands_over(later[id], event_id)}


def _revocable(event_ids: list[int], actor: str, batch_id: int | None, now: datetime) -> dict[int, int]:
    """Those of these events that somebody else may take back, by their customers."""
    columns = (ConsentEvent.id, ConsentEvent.customer_id, ConsentEvent.source, ConsentEvent.actor,
               ConsentEvent.batch_id, ConsentEvent.recorded_at)  # fmt: skip
    if not event_ids:
        return {}
    rows = db.session.execute(select(*columns).where(among(ConsentEvent.id, sorted(event_ids))))
    return {
        row.customer_id: row.id
        for row in rows
        if _of_another_batch(row, batch_id) or _undoable_by_another(row, actor, now)
    }


def _of_another_batch(event: Any, batch_id: int | None) -> bool:
    return event.batch_id not in (None, batch_id) and event.source in OF_BATCHES


def _undoable_by_another(event: Any, actor: str, now: datetime) -> bool:
    young = now - event.recorded_at <= UNDO_WINDOW
    return young and event.actor != actor and event.source in UNDOABLE


def _later(first: Mapping[int, int]) -> dict[int, list[Any]]:
    """What was recorded of these customers from those events on."""
    columns = ConsentEvent.id, ConsentEvent.customer_id, ConsentEvent.kind, ConsentEvent.compensates
    found: dict[int, list[Any]] = defaultdict(list)
    if first:
        since = ConsentEvent.id >= min(first.values())
        theirs = among(ConsentEvent.customer_id, sorted(first))
        for row in db.session.execute(select(*columns).where(theirs, since)):
            found[row.customer_id].append(row)
    return found
