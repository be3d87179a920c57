"""Holds: marketing paused until a person has read a message that may be a stop. The caller commits.

Beside them wait messages that pause nothing (`ask`): what cannot be read here, and signups in WhatsApp.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, select

from webapp.consent import ledger, rules, together
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import ConsentEvent, ConsentState, Hold
from webapp.consent.rules import (
    HANDED_OVER,
    NOT_A_STOP,
    WAS_A_STOP,
    Effect,
    Kind,
    ReviewKind,
    Source,
    Status,
    Turn,
    Verdict,
)
from webapp.extensions import db

TIME_TO_DECIDE = timedelta(days=10)
"""What nobody decided in this time becomes an opt-out: a wish that was never read is still a wish. It is the
time that 47 CFR 64.1200(a)(10) leaves for honouring one, at most."""


def open_count() -> int:
    """How many messages nobody has decided on yet."""
    return db.session.scalar(select(open_number())) or 0


def open_number() -> ColumnElement[int]:
    """The same as a column of another statement."""
    return select(func.count()).select_from(Hold).where(Hold.decided_at.is_(None)).scalar_subquery()


def pauses() -> ColumnElement[bool]:
    """Whether a message pauses marketing to its writer."""
    return and_(Hold.kind == ReviewKind.HOLD, Hold.decided_at.is_(None))


def ends_at(review: Hold) -> datetime | None:
    """When the message becomes an opt-out by itself; None for what pauses nothing, which never does."""
    return review.recorded_at + TIME_TO_DECIDE if review.kind == ReviewKind.HOLD else None


def overdue(now: datetime) -> Select[tuple[int]]:
    """The ids of what nobody decided in time, oldest first."""
    return select(Hold.id).where(pauses(), Hold.recorded_at <= now - TIME_TO_DECIDE).order_by(Hold.id)


def hold(customer: ConsentState, why: str, signal: Signal) -> Hold:
    """Pause marketing until a person has looked at the words in `signal.proof`."""
    ledger.lock(customer)
    if known := ledger.recorded(customer, Kind.HOLD, signal.message_id):
        mine = Hold.customer_id == customer.id, Hold.event_id == known.id
        return db.session.scalars(select(Hold).where(*mine)).one()
    event = _pause(customer, signal)
    review = Hold(
        kind=ReviewKind.HOLD, customer_id=customer.id, event_id=event.id, words=signal.proof.words,
        matched=signal.proof.matched, why=why, occurred_at=event.occurred_at, recorded_at=signal.now,
    )  # fmt: skip
    db.session.add(review)
    db.session.flush()
    return review


def _pause(customer: ConsentState, signal: Signal) -> ConsentEvent:
    occurred_at = rules.not_in_future(signal.stated_at, signal.now)
    held = customer.held_at is not None
    verdict = (
        Verdict(Effect.NONE, occurred_at, "same_status") if held else Verdict(Effect.CHANGED, occurred_at)
    )
    return ledger.append_signal(customer, Kind.HOLD, Turn.HELD, verdict, signal)


def ask(
    customer: ConsentState,
    kind: ReviewKind,
    *,
    words: str,
    matched: str,
    why: str,
    at: datetime,
    now: datetime,
) -> Hold:
    """Have a person look at something that was said `at` then, without any pause."""
    review = Hold(
        kind=kind, customer_id=customer.id, words=words, matched=matched, why=why,
        occurred_at=rules.not_in_future(at, now), recorded_at=now,
    )  # fmt: skip
    db.session.add(review)
    together.flush()
    return review


def put_off(review: Hold, note: str, *, actor: str, now: datetime) -> None:
    """Somebody read it and is not sure: it waits on, behind the others, and so does marketing."""
    review.note, review.noted_by, review.noted_at = note, actor, now


def decide(review: Hold, decision: str, *, actor: str, now: datetime) -> None:
    """Note the decision; what it does to consent is recorded beside it."""
    review.decided_at, review.decided_by, review.decision = now, actor, decision


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
    decide(review, decision, actor=actor, now=now)
    db.session.flush()
    others = db.session.scalar(select(Hold.id).where(Hold.customer_id == customer.id, pauses()).limit(1))
    verdict = Verdict(Effect.NONE, now, "other_reviews") if others else Verdict(Effect.CHANGED, now, decision)
    signal = Signal(Source.REVIEW, actor, now, proof=Proof(words=review.words))
    return ledger.append_signal(customer, Kind.HOLD, Turn.RELEASED, verdict, signal)


def confirm_stop(customer: ConsentState, review: Hold, *, actor: str, now: datetime) -> ConsentEvent:
    """A person read the message: it is a stop, said when the message was written. The pause ends with it.

    The opt-out is recorded last, so that it is what its author may undo.
    """
    _end_review(customer, review, WAS_A_STOP, actor, now)
    event = ledger.record(customer, stop_of(review, actor, now))
    if event is None:
        raise AssertionError("an opt-out from a review is always recorded")
    return event


def hand_over(review: Hold, customer: ConsentState, to: ConsentState, *, actor: str, now: datetime) -> Hold:
    """Two customers turned out to be one: the message waits with the one who stays, since when it waited."""
    if review.kind != ReviewKind.HOLD:
        review.customer_id = to.id
        return review
    proof = Proof(words=review.words, matched=review.matched)
    signal = Signal(Source.SYSTEM, actor, now, stated_at=review.occurred_at,
                    message_id=handed_over_as(review), proof=proof)  # fmt: skip
    kept = hold(to, review.why, signal)
    kept.recorded_at, kept.note = review.recorded_at, review.note
    kept.noted_by, kept.noted_at = review.noted_by, review.noted_at
    _end_review(customer, review, HANDED_OVER, actor, now)
    return kept


def handed_over_as(review: Hold) -> str:
    """The id under which it waits with the one who stays."""
    return f"hold:{review.id}"


def stop_of(review: Hold, actor: str, now: datetime, words: str = "") -> Statement:
    """What a message said that was read, or heard, to be a stop; `words` are those of who heard it."""
    proof = Proof(channel="whatsapp", words=words or review.words, matched=review.matched)
    return Statement(Status.OPTED_OUT, Source.REVIEW, actor, now, stated_at=review.occurred_at, proof=proof)


def reopen(customer: ConsentState, review: Hold, *, actor: str, now: datetime) -> None:
    """The decision is taken back: it waits again, and so does marketing if the message had paused it."""
    ledger.lock(customer)
    review.decided_at = review.decided_by = review.decision = None
    if review.kind == ReviewKind.HOLD:
        proof = Proof("whatsapp", review.words, review.matched)
        _pause(customer, Signal(Source.REVIEW, actor, now, stated_at=review.occurred_at, proof=proof))
    db.session.flush()
