"""Holds: marketing paused until a person has read a message that may be a stop. The caller commits."""

from datetime import datetime

from sqlalchemy import func, select

from webapp.consent import ledger, rules
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, ConsentState, Hold
from webapp.consent.rules import (
    HANDED_OVER,
    NOT_A_STOP,
    WAS_A_STOP,
    Effect,
    Kind,
    Source,
    Status,
    Turn,
    Verdict,
)
from webapp.extensions import db


def open_count() -> int:
    """How many messages nobody has decided on yet."""
    return db.session.scalar(select(func.count()).select_from(Hold).where(Hold.decided_at.is_(None))) or 0


def hold(customer: ConsentState, why: str, signal: Signal) -> Hold:
    """Pause marketing until a person has looked at the words in `signal.proof`."""
    ledger.lock(customer)
    if known := ledger.recorded(customer, Kind.HOLD, signal.message_id):
        return db.session.scalars(select(Hold).where(Hold.event_id == known.id)).one()
    occurred_at = rules.not_in_future(signal.stated_at, signal.now)
    held = customer.held_at is not None
    verdict = (
        Verdict(Effect.NONE, occurred_at, "same_status") if held else Verdict(Effect.CHANGED, occurred_at)
    )
    event = ledger.append_signal(customer, Kind.HOLD, Turn.HELD, verdict, signal)
    review = Hold(
        customer_id=customer.id, event_id=event.id, words=signal.proof.words, why=why, occurred_at=occurred_at
    )
    db.session.add(review)
    db.session.flush()
    return review


def release(customer: ConsentState, review: Hold, *, actor: str, now: datetime) -> ConsentEvent:
    """A person read the message: not a stop. The pause ends with the last open review."""
    return _end_review(customer, review, NOT_A_STOP, actor, now)


def end(customer: ConsentState, review: Hold, *, stopped: bool, actor: str, now: datetime) -> ConsentEvent:
    """What could not be read was read after all, or put aside: its own events say what it meant."""
    return _end_review(customer, review, WAS_A_STOP if stopped else NOT_A_STOP, actor, now)


def _end_review(
    customer: ConsentState, review: Hold, decision: str, actor: str, now: datetime
) -> ConsentEvent:
    ledger.lock(customer)
    review.decided_at, review.decided_by, review.decision = now, actor, decision
    db.session.flush()
    others = db.session.scalar(
        select(Hold.id).where(Hold.customer_id == customer.id, Hold.decided_at.is_(None)).limit(1)
    )
    verdict = Verdict(Effect.NONE, now, "other_reviews") if others else Verdict(Effect.CHANGED, now, decision)
    signal = Signal(Source.REVIEW, actor, now, proof=Proof(words=review.words))
    return ledger.append_signal(customer, Kind.HOLD, Turn.RELEASED, verdict, signal)


def confirm_stop(customer: ConsentState, review: Hold, *, actor: str, now: datetime) -> ConsentEvent:
    """A person read the message: it is a stop, said when the message was written. The pause ends with it."""
    event = ledger.record(
        customer,
        Statement(Status.OPTED_OUT, Source.REVIEW, actor, now, stated_at=review.occurred_at,
                  proof=Proof(channel="whatsapp", words=review.words, matched=review.why)),
    )  # fmt: skip
    _end_review(customer, review, WAS_A_STOP, actor, now)
    if event is None:
        raise AssertionError("an opt-out from a review is always recorded")
    return event


def hand_over(review: Hold, customer: ConsentState, to: ConsentState, *, actor: str, now: datetime) -> Hold:
    """Two customers turned out to be one: the message waits with the one who stays."""
    signal = Signal(Source.SYSTEM, actor, now, stated_at=review.occurred_at,
                    message_id=f"hold:{review.id}", proof=Proof(words=review.words))  # fmt: skip
    kept = hold(to, review.why, signal)
    _end_review(customer, review, HANDED_OVER, actor, now)
    return kept
