"""How the pages tell of imports: state, pace, result."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from webapp.accounts.actors import actor_names
from webapp.bulk.actions import customers
from webapp.consent import batches
from webapp.consent.models import Batch
from webapp.extensions import db
from webapp.imports import options, stages, uploads
from webapp.imports.models import AT_WORK, ENDED, Import, ImportState
from webapp.imports.outcome import Outcome

PER_PAGE = 50
STATES = {
    ImportState.UPLOADED: ("Columns to match", ""),
    ImportState.CHECKING: ("Being checked", "warning"),
    ImportState.CHECKED: ("Ready to import", "warning"),
    ImportState.RUNNING: ("At work", "warning"),
    ImportState.FINISHED: ("Done", "good"),
    ImportState.CANCELLED: ("Cancelled", "warning"),
    ImportState.FAILED: ("Failed", "bad"),
}
STEPS = ("Upload", "Match columns", "Check", "Import")


@dataclass(frozen=True)
class Line:
    """One import as the list shows it."""

    id: int
    name: str
    state: str
    tone: str
    result: str
    by: str
    at: datetime


def page(before: int | None) -> tuple[list[Line], int | None]:
    """One page, the newest first, and the id before which the next one begins; None on the last."""
    query = stages.newest_first(before).limit(PER_PAGE + 1)
    found = list(db.session.scalars(query))
    names = actor_names(each.actor for each in found)
    lines = [_line(each, names[each.actor]) for each in found[:PER_PAGE]]
    return lines, found[PER_PAGE - 1].id if len(found) > PER_PAGE else None


def of_one(found: Import, now: datetime) -> dict[str, Any]:
    """What the page of one shows, whatever its state is."""
    batch = db.session.get(Batch, found.batch_id) if found.batch_id else None
    outcome = outcome_of(found)
    state, tone = STATES[ImportState(found.state)]
    return {
        "found": found,
        "state": state,
        "tone": tone,
        "step": _step(found),
        "steps": STEPS,
        "by": actor_names([found.actor])[found.actor],
        "outcome": outcome,
        "working": found.state in AT_WORK,
        "stopping": batch is not None and batch.cancelled_at is not None and found.state in AT_WORK,
        "pace": pace(found, now),
        "same": stages.same_file(found) if found.batch_id is None else None,
        "refused_rows": found.state in ENDED and uploads.refused_path(found.stored).exists(),
        "kept_until": found.ended_at + stages.REFUSED_ROWS_KEPT if found.ended_at else None,
        "batch": batch,
        "revert": batches.revert_of(batch) if batch else None,
        "customers": customers,
        "label": options.label,
    }


def outcome_of(found: Import) -> Outcome:
    return Outcome.of_json(found.counts) if found.counts else Outcome()


def pace(found: Import, now: datetime) -> str:
    """Rows a second and the time that is left, since this phase began; empty until it can be told."""
    seconds = (now - found.began_at).total_seconds() if found.began_at else 0
    if found.state not in AT_WORK or not found.done or seconds < 1:
        return ""
    a_second = found.done / seconds
    left = max(found.total - found.done, 0) / a_second
    return f"{max(round(a_second), 1):,} rows a second · {_about(left)} left"


def _about(seconds: float) -> str:
    return (
        f"about {math.ceil(seconds / 60)} min" if seconds >= 90 else f"about {max(math.ceil(seconds), 1)} s"
    )


def _line(found: Import, by: str) -> Line:
    state, tone = STATES[ImportState(found.state)]
    return Line(found.id, found.name, state, tone, _result(found), by, found.created_at)


def _result(found: Import) -> str:
    """What is to be said in a line of the list."""
    if found.state in AT_WORK:
        return f"{found.done:,} of {found.total:,} rows"
    if found.batch_id is None:
        return f"{found.total:,} row{'s' if found.total != 1 else ''}"
    outcome = outcome_of(found)
    told = f"{outcome.created:,} new, {outcome.updated:,} changed"
    return f"{told}, {outcome.refused:,} refused" if outcome.refused else told


def _step(found: Import) -> int:
    """Of STEPS, from one."""
    if found.state == ImportState.UPLOADED:
        return 2
    return 3 if found.batch_id is None else 4
