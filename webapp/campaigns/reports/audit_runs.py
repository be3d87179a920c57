"""The auditor's answers over time: each run is kept, so that its silence can be told from its absence."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.actors import actor_names
from webapp.campaigns.models import AuditRun
from webapp.campaigns.reports import audit
from webapp.campaigns.reports.audit import Violation
from webapp.database import writing
from webapp.extensions import db

NIGHTLY, COMMAND = "system", "command"
SHOWN = 30


@dataclass(frozen=True)
class Listed:
    """A run with the name of whoever asked."""

    run: AuditRun
    by: str


def run(ran_by: str, now: datetime) -> list[Violation]:
    """Ask the auditor and keep that it was asked; what it found. Commits.

    It reads for long, so nothing is locked meanwhile."""
    checked, found = audit.started(), audit.violations(now)
    db.session.rollback()
    with writing():
        db.session.add(AuditRun(ran_at=now, ran_by=ran_by, checked=checked, found=len(found)))
        db.session.commit()
    return found


def last() -> AuditRun | None:
    return next(iter(newest(1)), None)


def listed() -> list[Listed]:
    """The last runs with names, the newest first."""
    runs = newest()
    names = {**actor_names(run.ran_by for run in runs), NIGHTLY: "Heed, by itself", COMMAND: "heed audit"}
    return [Listed(run, names[run.ran_by]) for run in runs]


def newest(most: int = SHOWN) -> list[AuditRun]:
    """The last runs, the newest first."""
    order = (AuditRun.ran_at.desc(), AuditRun.id.desc())
    return list(db.session.scalars(select(AuditRun).order_by(*order).limit(most)))
