"""Words that no opt-out and no opt-in needs as its proof are forgotten in time. The caller commits."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import aliased

from webapp.consent.models import ConsentEvent, Evidence, Hold
from webapp.consent.rules import NOT_A_STOP, Kind
from webapp.extensions import db


def forget_reviewed(before: datetime, most: int) -> int:
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
        _forget(review)
    db.session.flush()
    return len(reviews)


def forget_all(customer_ids: Sequence[int]) -> None:
    """Forget what these customers said and what was noted about it; the events stay, with the digests."""
    theirs = select(ConsentEvent.id).where(ConsentEvent.customer_id.in_(customer_ids))
    db.session.execute(delete(Hold).where(Hold.customer_id.in_(customer_ids)))
    db.session.execute(delete(Evidence).where(Evidence.event_id.in_(theirs)))


def _forget(review: Hold) -> None:
    theirs = select(ConsentEvent.id).where(
        ConsentEvent.customer_id == review.customer_id, ConsentEvent.kind == Kind.HOLD
    )
    db.session.execute(delete(Evidence).where(Evidence.event_id.in_(theirs), Evidence.words == review.words))
    review.words = review.why = ""
