"""Verification: seals, evidence and every customer's state, at one moment; each run is kept."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select

from webapp.consent import disputes, ledger_check
from webapp.consent.faults import Fault
from webapp.consent.sealing import seal_check
from webapp.consent.sealing.models import LedgerCheck
from webapp.consent.sealing.seal_check import Anchors
from webapp.database import begin_snapshot, writing
from webapp.extensions import db

NIGHTLY, COMMAND = "system", "command"
MOST_MARKED = 10_000
"""Customers that one run stops marketing to; further ones are found by the next."""


@dataclass
class _Found:
    fault: str | None = None
    seals: int = 0
    events: int = 0
    differing: set[int] = field(default_factory=set)


def run(ran_by: str, anchors: Anchors, now: datetime, *, read_files: bool = False) -> LedgerCheck:
    """Verify, stop marketing to whoever differs from the ledger, and keep what was found. Commits.

    With `read_files` the files of evidence are read, too; else they must be there in their size. It reads for
    long, so nothing is locked meanwhile. Raises NoCheckpoint for a brought file that holds none.
    """
    db.session.rollback()
    found = _look(anchors, now, read_files)
    db.session.rollback()
    with writing():
        disputes.mark(found.differing, now)
        ran = LedgerCheck(
            ran_at=now, ran_by=ran_by, events=found.events, seals=found.seals,
            disputed=len(found.differing), fault=found.fault,
        )  # fmt: skip
        db.session.add(ran)
        db.session.commit()
    return ran


def last() -> LedgerCheck | None:
    newest = select(LedgerCheck).order_by(LedgerCheck.ran_at.desc(), LedgerCheck.id.desc())
    return db.session.scalar(newest.limit(1))


def _look(anchors: Anchors, now: datetime, read_files: bool) -> _Found:
    anchors = anchors.of_now()
    begin_snapshot(db.session)
    found = _Found(events=ledger_check.size())
    try:
        found.seals = seal_check.check(anchors, now)
    except Fault as fault:
        found.fault = str(fault)
    for finding in ledger_check.findings(read_files=read_files):
        found.fault = found.fault or finding.words
        if finding.differs and not finding.marked and len(found.differing) < MOST_MARKED:
            found.differing.add(finding.differs)
    return found
