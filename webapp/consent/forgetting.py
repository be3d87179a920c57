"""Words that no opt-out and no opt-in needs as its proof are forgotten in time. The caller commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Select, delete, exists, insert, literal, select, update
from sqlalchemy.orm import aliased

from webapp.consent import evidence_files
from webapp.consent.models import Confirmation, ConsentEvent, Evidence, ForgottenEvidence, Hold
from webapp.consent.rules import NOT_A_STOP, Kind
from webapp.database import UtcDateTime
from webapp.extensions import db

RETENTION, ERASURE = "retention", "erasure"


def forget(event_ids: Select[tuple[int]], why: str, now: datetime) -> None:
    """Delete the evidence of these events for good and keep that it was done, when and why: the ledger's
    digest of it stays behind, and verification takes a missing row without such a note for a fault."""
    noted = select(Evidence.event_id, literal(now, UtcDateTime), literal(why)).where(
        Evidence.event_id.in_(event_ids)
    )
    columns = ["event_id", "forgotten_at", "why"]
    db.session.execute(insert(ForgottenEvidence).from_select(columns, noted))
    db.session.execute(delete(Evidence).where(Evidence.event_id.in_(event_ids)))


def forget_reviewed(before: datetime, most: int, now: datetime) -> int:
    """Forget the words of messages that came before and were found to be no stop; how many reviews.

    Their events stay in the ledger, with the digest of what was said.
    """
    other = aliased(Hold)
    needed = exists().where(
        other.customer_id == Hold.customer_id, other.words == Hold.words, other.id != Hold.id,
        (other.decision.is_(None)) | (other.decision != NOT_A_STOP),
    )  # fmt: skip
    old = (
        select(Hold)
        .where(Hold.decision == NOT_A_STOP, Hold.occurred_at < before, Hold.words != "", ~needed)
        .order_by(Hold.id)
        .limit(most)
    )
    reviews = list(db.session.scalars(old))
    for review in reviews:
        _forget(review, now)
    db.session.flush()
    return len(reviews)


def forget_all(customer_ids: Sequence[int], now: datetime) -> None:
    """Forget what these customers said and what was noted about it; the events stay, with the digests."""
    theirs = select(ConsentEvent.id).where(ConsentEvent.customer_id.in_(customer_ids))
    db.session.execute(delete(Hold).where(Hold.customer_id.in_(customer_ids)))
    evidence_files.release(theirs)
    forget(theirs, ERASURE, now)
    veiled = update(Confirmation).where(Confirmation.customer_id.in_(customer_ids)).values(wamid=None)
    db.session.execute(veiled.execution_options(synchronize_session=False))


def _forget(review: Hold, now: datetime) -> None:
    theirs = (
        select(ConsentEvent.id)
        .join(Evidence, Evidence.event_id == ConsentEvent.id)
        .where(
            ConsentEvent.customer_id == review.customer_id, ConsentEvent.kind == Kind.HOLD,
            Evidence.words == review.words,
        )
    )  # fmt: skip
    forget(theirs, RETENTION, now)
    review.words = review.why = ""
