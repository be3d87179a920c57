"""The ledger: every change of consent is appended here, and the state columns follow in the same transaction.

The caller commits. Customers are locked and read afresh before anything is decided, so that two writers
cannot overwrite each other.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.consent import rules, seconding, state, together
from webapp.consent.folding import CONTROLS, IGNORABLE
from webapp.consent.models import ConsentEvent, ConsentState, Evidence
from webapp.consent.rules import Effect, Kind, Source, State, Status, Turn, Verdict
from webapp.database import compact_json
from webapp.extensions import db

_SHOWN = re.compile(rf"[^\s{IGNORABLE}{CONTROLS}]")
"""A sign that somebody sees: words without any are blank."""
_batch: ContextVar[int | None] = ContextVar("consent_batch", default=None)


@dataclass(frozen=True)
class Proof:
    """What shows that the statement was made; personal text, kept apart from the ledger."""

    channel: str = ""
    words: str = ""
    matched: str = ""
    message_id: str = ""
    link: str = ""
    file_sha256: str | None = None
    file_name: str = ""
    wording_id: int | None = None
    wording_version: int | None = None

    @classmethod
    def of(cls, evidence: Any) -> "Proof":
        """The proof in a row with the columns of `Evidence`."""
        return cls(**{field.name: getattr(evidence, field.name) for field in fields(cls)})

    @property
    def shows_consent(self) -> bool:
        return bool(_SHOWN.search(self.words) or self.link or self.file_sha256)

    @property
    def content(self) -> list[Any]:
        """What the digest is over. Without the later fields it is what it was before there were any."""
        later = [self.link, self.file_sha256, self.file_name, self.wording_id, self.wording_version]
        return [self.channel, self.words, self.matched, self.message_id, *([later] if any(later) else [])]


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
    reason: str = ""
    """Why it is recorded, as a word for programs, where the source does not say it all."""

    @property
    def change(self) -> rules.Change:
        return rules.Change(
            self.status, self.source, self.now, self.stated_at, has_evidence=self.proof.shows_consent
        )


Return = Callable[[ConsentState, datetime], None]
_returns: list[Return] = []


def on_return(function: Return) -> Return:
    """Register what follows when somebody who was opted out opts in: `function(customer, now)`."""
    _returns.append(function)
    return function


def record(customer: ConsentState, statement: Statement) -> ConsentEvent | None:
    """Append `statement` to the ledger; move the state too, if it supersedes it.

    None when there is nothing to record: an agent or import repeats the state, and nobody else may take back
    what stands (see `seconding`). A message that was recorded before gives its event.

    Raises rules.ConsentRefused for an opt-in that may not be recorded.
    """
    lock(customer)
    if known := recorded(customer, Kind.CONSENT, statement.message_id):
        return known
    before = customer.consent
    verdict = rules.decide(before, statement.change) or _seconded(customer, statement)
    if verdict is None:
        return None
    event = ConsentEvent(**stated(customer.id, verdict, statement))
    _append(customer, event, statement.proof)
    if (before.status, customer.status) == (Status.OPTED_OUT, Status.OPTED_IN):
        for follow in _returns:
            follow(customer, statement.now)
    return event


def _seconded(customer: ConsentState, statement: Statement) -> Verdict | None:
    if statement.status != Status.OPTED_OUT:
        return None
    standing, batch_id = {customer.id: customer.status_event_id}, statement.batch_id
    wanted = seconding.wanted(standing, actor=statement.actor, batch_id=batch_id, now=statement.now)
    return rules.repeated(statement.change) if wanted else None


def stated(customer_id: int, verdict: Verdict, statement: Statement) -> dict[str, Any]:
    """The columns of the event that records a statement."""
    return {
        "customer_id": customer_id,
        "kind": Kind.CONSENT,
        "status": statement.status,
        "source": statement.source,
        "actor": statement.actor,
        "identity_id": statement.identity_id,
        "external_id": external_id(statement.message_id),
        "rule_version": statement.rule_version,
        "effect": verdict.effect,
        "reason": verdict.reason or statement.reason,
        "batch_id": statement.batch_id or _batch.get(),
        "occurred_at": verdict.occurred_at,
        "recorded_at": statement.now,
    }


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
    if known := recorded(customer, Kind.PLATFORM_STOP, signal.message_id):
        return known
    verdict = rules.decide_platform(customer.consent, turn, signal.stated_at, signal.now)
    return append_signal(customer, Kind.PLATFORM_STOP, turn, verdict, signal)


def record_identity(customer: ConsentState, reason: str, signal: Signal) -> ConsentEvent:
    """Something about who this is changed, and nothing about the consent; `reason` is a word for programs."""
    lock(customer)
    occurred_at = rules.not_in_future(signal.stated_at, signal.now)
    verdict = Verdict(Effect.CHANGED, occurred_at, reason)
    event = new_event(customer, Kind.IDENTITY, verdict, source=signal.source, actor=signal.actor,
                      now=signal.now)  # fmt: skip
    event.external_id = external_id(signal.message_id)
    return _append(customer, event, signal.proof)


def record_erasure(customer: ConsentState, reason: str, signal: Signal) -> ConsentEvent:
    """What was known of the customer is erased; the history of consent stays, without words."""
    lock(customer)
    verdict = Verdict(Effect.CHANGED, signal.now, reason)
    event = new_event(customer, Kind.ERASURE, verdict, source=signal.source, actor=signal.actor,
                      now=signal.now)  # fmt: skip
    return _append(customer, event, signal.proof)


def history(*customer_ids: int) -> list[ConsentEvent]:
    """The events of a customer, and of those who were merged into it, oldest first."""
    query = select(ConsentEvent).where(ConsentEvent.customer_id.in_(customer_ids)).order_by(ConsentEvent.id)
    return list(db.session.scalars(query))


def record_policy(
    before: dict[str, object], after: dict[str, object], *, actor: str, now: datetime
) -> ConsentEvent:
    """A change of the workspace's consent settings, with the old and the new values as evidence."""
    event = new_event(
        None, Kind.POLICY, Verdict(Effect.CHANGED, now), source=Source.AGENT, actor=actor, now=now
    )
    proof = Proof(channel="settings", words=compact_json({"before": before, "after": after}))
    return _write(event, proof)


@contextmanager
def in_batch(batch_id: int | None) -> Iterator[None]:
    """What is recorded of customers inside belongs to this batch."""
    mark = _batch.set(batch_id)
    try:
        yield
    finally:
        _batch.reset(mark)


def lock(customer: ConsentState) -> None:
    """Read the customer afresh and keep others from changing it until the commit.

    PostgreSQL locks the row, but not its key, so that rows which refer to the customer need not wait; on
    SQLite the writing transaction already holds the only write lock.
    """
    if together.is_locked(customer):
        return
    db.session.flush()
    db.session.refresh(customer, with_for_update={"key_share": True})


def external_id(message_id: str | None) -> str | None:
    """What the ledger keeps of WhatsApp's message id, which itself carries the phone number in base64."""
    return hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest() if message_id else None


def digest(nonce: bytes, proof: Proof) -> str:
    """The salted digest that ties evidence to its event and tells nothing once the nonce is deleted."""
    return hashlib.sha256(nonce + compact_json(proof.content).encode()).hexdigest()


def recorded(customer: ConsentState, kind: Kind, message_id: str | None) -> ConsentEvent | None:
    """The event that this message caused."""
    if not message_id:
        return None
    if together.is_locked(customer):
        return together.recorded(customer, kind, external_id(message_id))
    query = select(ConsentEvent).where(
        ConsentEvent.customer_id == customer.id,
        ConsentEvent.kind == kind,
        ConsentEvent.external_id == external_id(message_id),
    )
    return db.session.scalar(query)


def new_event(
    customer: ConsentState | None, kind: Kind, verdict: Verdict, *, source: Source, actor: str, now: datetime
) -> ConsentEvent:
    """An event of these columns, not yet written."""
    return ConsentEvent(
        customer_id=customer.id if customer else None, kind=kind, source=source, actor=actor,
        effect=verdict.effect, reason=verdict.reason, occurred_at=verdict.occurred_at, recorded_at=now,
        batch_id=_batch.get() if customer else None,
    )  # fmt: skip


def append_signal(
    customer: ConsentState, kind: Kind, turn: Turn, verdict: Verdict, signal: Signal
) -> ConsentEvent:
    """Write an event of kind platform_stop or hold, and move the state."""
    event = new_event(customer, kind, verdict, source=signal.source, actor=signal.actor, now=signal.now)
    event.status = turn
    event.identity_id = signal.identity_id
    event.external_id = external_id(signal.message_id)
    event.rule_version = signal.rule_version
    return _append(customer, event, signal.proof)


def append_compensation(customer: ConsentState, event: ConsentEvent, to: State) -> None:
    """Write an event that takes another one back, and give the customer the state that it leads to."""
    _write(event, Proof())
    move(customer, to)


def _append(customer: ConsentState, event: ConsentEvent, proof: Proof) -> ConsentEvent:
    _write(event, proof)
    move(customer, state.advance(customer.consent, event))
    return event


def _write(event: ConsentEvent, proof: Proof) -> ConsentEvent:
    nonce = secrets.token_bytes(16)
    if proof != Proof():
        event.evidence_digest = digest(nonce, proof)
    together.number(event)
    db.session.add(event)
    together.flush()
    if proof != Proof():
        db.session.add(Evidence(event_id=event.id, nonce=nonce, **vars(proof)))
        together.flush()
    return event


def move(customer: ConsentState, to: State) -> None:
    """Make `to` the customer's state; forms and polls see that something happened."""
    customer.consent = to
    customer.version += 1
    customer.events_count += 1
    together.flush()
