"""The ledger: every change of consent is appended here, and the state columns follow in the same transaction.

The caller commits. Customers are locked and read afresh before anything is decided, so that two writers
cannot overwrite each other.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.consent import rules
from webapp.consent.models import ConsentEvent, ConsentState, Evidence, Hold
from webapp.consent.rules import NOT_A_STOP, WAS_A_STOP, Effect, Kind, Source, State, Status, Turn, Verdict
from webapp.database import compact_json
from webapp.extensions import db

UNDO_WINDOW = timedelta(minutes=10)


class NotUndoable(Exception):
    """This event cannot be undone (any more); the message says why."""


@dataclass(frozen=True)
class Proof:
    """What shows that the statement was made; personal text, kept apart from the ledger."""

    channel: str = ""
    words: str = ""
    matched: str = ""
    message_id: str = ""

    @property
    def shows_consent(self) -> bool:
        return bool(self.words.strip())


@dataclass(frozen=True)
class Statement:
    """Somebody says that a customer wants, or does not want, marketing."""

    status: Status
    source: Source
    actor: str
    now: datetime
    stated_at: datetime | None = None
    identity_id: int | None = None
    message_id: str | None = None
    proof: Proof = Proof()
    batch_id: int | None = None
    rule_version: str = ""

    @property
    def change(self) -> rules.Change:
        return rules.Change(
            self.status, self.source, self.now, self.stated_at, has_evidence=self.proof.shows_consent
        )


def record(customer: ConsentState, statement: Statement) -> ConsentEvent | None:
    """Append `statement` to the ledger; move the state too, if it supersedes it.

    None when there is nothing to record (an agent or import repeats the state). A message that was recorded
    before gives its event. Raises rules.ConsentRefused for an opt-in that may not be recorded.
    """
    lock(customer)
    if known := _recorded(customer, Kind.CONSENT, statement.message_id):
        return known
    verdict = rules.decide(customer.consent, statement.change)
    if verdict is None:
        return None
    event = _event(customer, Kind.CONSENT, verdict, source=statement.source, actor=statement.actor,
                   now=statement.now)  # fmt: skip
    event.status = statement.status
    event.identity_id = statement.identity_id
    event.external_id = external_id(statement.message_id)
    event.batch_id = statement.batch_id
    event.rule_version = statement.rule_version
    return _append(customer, event, statement.proof)


@dataclass(frozen=True)
class Signal:
    """What came with a change that is not a statement of consent: whose, when, by which message."""

    source: Source
    actor: str
    now: datetime
    stated_at: datetime | None = None
    identity_id: int | None = None
    message_id: str | None = None
    proof: Proof = Proof()
    rule_version: str = ""


def record_platform(customer: ConsentState, turn: Turn, signal: Signal) -> ConsentEvent:
    """WhatsApp's own stop begins (`Turn.STOPPED`) or ends (`Turn.RESUMED`); consent stays as it is."""
    lock(customer)
    if known := _recorded(customer, Kind.PLATFORM_STOP, signal.message_id):
        return known
    occurred_at = rules.not_in_future(signal.stated_at, signal.now)
    verdict = rules.decide_platform(customer.consent, turn, occurred_at)
    return _append_signal(customer, Kind.PLATFORM_STOP, turn, verdict, signal)


def hold(customer: ConsentState, why: str, signal: Signal) -> Hold:
    """Pause marketing until a person has looked at the words in `signal.proof`."""
    lock(customer)
    if known := _recorded(customer, Kind.HOLD, signal.message_id):
        return db.session.scalars(select(Hold).where(Hold.event_id == known.id)).one()
    occurred_at = rules.not_in_future(signal.stated_at, signal.now)
    held = customer.held_at is not None
    verdict = (
        Verdict(Effect.NONE, occurred_at, "same_status") if held else Verdict(Effect.CHANGED, occurred_at)
    )
    event = _append_signal(customer, Kind.HOLD, Turn.HELD, verdict, signal)
    review = Hold(
        customer_id=customer.id, event_id=event.id, words=signal.proof.words, why=why, occurred_at=occurred_at
    )
    db.session.add(review)
    db.session.flush()
    return review


def release(customer: ConsentState, review: Hold, *, actor: str, now: datetime) -> ConsentEvent:
    """A person read the message: not a stop. The pause ends with the last open review."""
    return _end_review(customer, review, NOT_A_STOP, actor, now)


def _end_review(
    customer: ConsentState, review: Hold, decision: str, actor: str, now: datetime
) -> ConsentEvent:
    lock(customer)
    review.decided_at, review.decided_by, review.decision = now, actor, decision
    db.session.flush()
    others = db.session.scalar(
        select(Hold.id).where(Hold.customer_id == customer.id, Hold.decided_at.is_(None)).limit(1)
    )
    verdict = Verdict(Effect.NONE, now, "other_reviews") if others else Verdict(Effect.CHANGED, now, decision)
    signal = Signal(Source.REVIEW, actor, now, proof=Proof(words=review.words))
    return _append_signal(customer, Kind.HOLD, Turn.RELEASED, verdict, signal)


def confirm_stop(customer: ConsentState, review: Hold, *, actor: str, now: datetime) -> ConsentEvent:
    """A person read the message: it is a stop, said when the message was written. The pause ends with it."""
    event = record(
        customer,
        Statement(Status.OPTED_OUT, Source.REVIEW, actor, now, stated_at=review.occurred_at,
                  proof=Proof(channel="whatsapp", words=review.words, matched=review.why)),
    )  # fmt: skip
    _end_review(customer, review, WAS_A_STOP, actor, now)
    if event is None:
        raise AssertionError("an opt-out from a review is always recorded")
    return event


def undo(customer: ConsentState, event_id: int, *, actor: str, now: datetime) -> ConsentEvent:
    """Take back one's own latest change; the state before it comes back with its evidence.

    Raises NotUndoable when it is not the customer's latest event, came from somebody else than this agent,
    or is older than ten minutes.
    """
    lock(customer)
    events = history(customer.id)
    _check_undoable(events, event_id, actor, now)
    before = rules.fold(events[:-1])
    event = _event(
        customer, Kind.CONSENT, Verdict(Effect.CHANGED, now), source=Source.AGENT, actor=actor, now=now
    )
    event.status = before.status
    event.compensates = event_id
    db.session.add(event)
    db.session.flush()
    _move(customer, before)
    return event


def _check_undoable(events: list[ConsentEvent], event_id: int, actor: str, now: datetime) -> None:
    if not events or events[-1].id != event_id:
        raise NotUndoable("Something newer is on record for this customer.")
    latest = events[-1]
    if latest.source != Source.AGENT or latest.kind != Kind.CONSENT or latest.compensates:
        raise NotUndoable("Only an agent's own change can be undone.")
    if latest.actor != actor:
        raise NotUndoable("Only the person who made this change can undo it.")
    if now - latest.recorded_at > UNDO_WINDOW:
        raise NotUndoable("A change can be undone within ten minutes.")


def undoable(events: list[ConsentEvent], actor: str, now: datetime) -> int | None:
    """The id of the event that this actor may undo now, if there is one; `events` oldest first."""
    try:
        _check_undoable(events, events[-1].id if events else 0, actor, now)
    except NotUndoable:
        return None
    return events[-1].id


def history(customer_id: int) -> list[ConsentEvent]:
    """The events of one customer, oldest first."""
    query = select(ConsentEvent).where(ConsentEvent.customer_id == customer_id).order_by(ConsentEvent.id)
    return list(db.session.scalars(query))


def record_policy(
    before: dict[str, object], after: dict[str, object], *, actor: str, now: datetime
) -> ConsentEvent:
    """A change of the workspace's consent settings, with the old and the new values as evidence."""
    event = _event(None, Kind.POLICY, Verdict(Effect.CHANGED, now), source=Source.AGENT, actor=actor, now=now)
    proof = Proof(channel="settings", words=compact_json({"before": before, "after": after}))
    return _write(event, proof)


def lock(customer: ConsentState) -> None:
    """Read the customer afresh and keep others from changing it until the commit.

    PostgreSQL locks the row, but not its key, so that rows which refer to the customer need not wait; on
    SQLite the writing transaction already holds the only write lock.
    """
    db.session.flush()
    db.session.refresh(customer, with_for_update={"key_share": True})


def external_id(message_id: str | None) -> str | None:
    """What the ledger keeps of WhatsApp's message id, which itself carries the phone number in base64."""
    return hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest() if message_id else None


def digest(nonce: bytes, proof: Proof) -> str:
    """The salted digest that ties evidence to its event and tells nothing once the nonce is deleted."""
    content = compact_json([proof.channel, proof.words, proof.matched, proof.message_id])
    return hashlib.sha256(nonce + content.encode()).hexdigest()


def _recorded(customer: ConsentState, kind: Kind, message_id: str | None) -> ConsentEvent | None:
    if not message_id:
        return None
    query = select(ConsentEvent).where(
        ConsentEvent.customer_id == customer.id,
        ConsentEvent.kind == kind,
        ConsentEvent.external_id == external_id(message_id),
    )
    return db.session.scalar(query)


def _event(
    customer: ConsentState | None, kind: Kind, verdict: Verdict, *, source: Source, actor: str, now: datetime
) -> ConsentEvent:
    return ConsentEvent(
        customer_id=customer.id if customer else None, kind=kind, source=source, actor=actor,
        effect=verdict.effect, reason=verdict.reason, occurred_at=verdict.occurred_at, recorded_at=now,
    )  # fmt: skip


def _append_signal(
    customer: ConsentState, kind: Kind, turn: Turn, verdict: Verdict, signal: Signal
) -> ConsentEvent:
    event = _event(customer, kind, verdict, source=signal.source, actor=signal.actor, now=signal.now)
    event.status = turn
    event.identity_id = signal.identity_id
    event.external_id = external_id(signal.message_id)
    event.rule_version = signal.rule_version
    return _append(customer, event, signal.proof)


def _append(customer: ConsentState, event: ConsentEvent, proof: Proof) -> ConsentEvent:
    _write(event, proof)
    _move(customer, rules.advance(customer.consent, event))
    return event


def _write(event: ConsentEvent, proof: Proof) -> ConsentEvent:
    nonce = secrets.token_bytes(16)
    if proof != Proof():
        event.evidence_digest = digest(nonce, proof)
    db.session.add(event)
    db.session.flush()
    if proof != Proof():
        db.session.add(Evidence(event_id=event.id, nonce=nonce, **vars(proof)))
        db.session.flush()
    return event


def _move(customer: ConsentState, state: State) -> None:
    customer.consent = state
    customer.version += 1
    customer.events_count += 1
    db.session.flush()
