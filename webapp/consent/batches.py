"""Batches: what one import or bulk change wrote, and taking it back. The caller commits.

A revert is a batch of its own. Each of its events compensates one of the other's and gives back the consent
that stood before, only where nothing else was recorded for that customer since: neither their own words,
nor WhatsApp's, nor a colleague's. What customers said themselves is no batch's to take back.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, func, select
from sqlalchemy.exc import IntegrityError

from webapp.consent import ledger, state
from webapp.consent.models import Batch, ConsentEvent, ConsentState, Evidence
from webapp.consent.rules import OWN_OPT_OUT, SAME_STATUS, Effect, Kind, Source, State, Status, Verdict
from webapp.consent.together import together
from webapp.extensions import db

AT_ONCE = 500
"""Events of one transaction: a webhook that waits for SQLite's write lock waits for less than a second."""

MOST_FORESEEN = 10_000
"""Events that are looked at before somebody decides."""


class BatchKind(StrEnum):
    IMPORT = "import"
    BULK = "bulk"
    """One change of many customers who were chosen in the table."""
    REVERT = "revert"
    MISSED_STOPS = "missed_stops"
    """Texts that came while the keywords were off, honoured together."""


REVERTIBLE = (BatchKind.IMPORT, BatchKind.BULK)
OPEN = and_(Batch.finished_at.is_(None), Batch.cancelled_at.is_(None), Batch.failed_why == "")
"""Batches of the worker's that have not come to their end."""


class Kept(StrEnum):
    """Why an event of a batch is not taken back; the first that holds counts."""

    REVERTED = "reverted"
    NO_CHANGE = "no_change"
    NEWER = "newer"
    NO_PROOF = "no_proof"
    """The opt-in before it has no evidence any more, so it may not come back."""
    GONE = "gone"
    """The customer was erased, or merged into another one."""


class NotRevertible(Exception):
    """This batch cannot be taken back; the message says why."""


@dataclass(frozen=True)
class Outlook:
    """What a revert would do now: how many events it takes back, and how many not, by reason."""

    changes: int
    kept: dict[Kept, int]
    whole: bool
    """Whether all its events were looked at; of a very long batch only the first are."""


@dataclass(frozen=True)
class Part:
    """What a revert did with some events; `after` is the id behind which to go on, None at the end."""

    after: int | None
    events: int
    changes: int
    kept: dict[Kept, int]


def open_batch(kind: BatchKind, title: str, *, actor: str, now: datetime) -> Batch:
    """A batch to which events can belong from now on."""
    batch = Batch(kind=kind, title=title, actor=actor, created_at=now)
    db.session.add(batch)
    db.session.flush()
    return batch


def newest(kind: BatchKind) -> Batch | None:
    return db.session.scalar(select(Batch).where(Batch.kind == kind).order_by(Batch.id.desc()).limit(1))


def revert_of(batch: Batch) -> Batch | None:
    """The batch that takes this one back, begun or finished."""
    return db.session.scalar(select(Batch).where(Batch.reverts_id == batch.id))


def begin_revert(batch: Batch, *, actor: str, now: datetime) -> Batch:
    """Decide to take a batch back; `revert_some` then does it. The same revert if somebody decided before;
    one that was cancelled goes on.

    Raises NotRevertible for what customers said themselves, for a revert, and for what is not at its end.
    """
    if batch.kind not in REVERTIBLE:
        raise NotRevertible("Only imports and bulk changes can be reverted.")
    if is_running(batch):
        raise NotRevertible("It is still at work. Cancel it first, or wait for its end.")
    if known := revert_of(batch):
        known.cancelled_at = None
        return known
    try:
        with db.session.begin_nested():
            revert = Batch(kind=BatchKind.REVERT, title=batch.title, actor=actor, created_at=now,
                           reverts_id=batch.id)  # fmt: skip
            db.session.add(revert)
    except IntegrityError:  # somebody else decided in this moment
        return db.session.scalars(select(Batch).where(Batch.reverts_id == batch.id)).one()
    return revert


def is_running(batch: Batch) -> bool:
    """Whether somebody goes through it now. What is done at once has no total."""
    ended = batch.finished_at or batch.cancelled_at or batch.failed_why
    return batch.total is not None and not ended


def count(batch: Batch) -> int:
    """How many events it wrote."""
    of_batch = select(func.count()).where(ConsentEvent.batch_id == batch.id)
    return db.session.scalar(of_batch) or 0


def revert_some(revert: Batch, customer: type[ConsentState], after: int, now: datetime) -> Part:
    """Take back the next events of the batch, in few statements however many they are.

    Safe to repeat from any place: an event is compensated once.
    """
    events = _part(revert.reverts_id or 0, after)
    people = _locked(events, customer)
    judged = _judged(events, people)
    undone = sum(reason is None for reason, _ in judged)
    with together(list(people.values()), events=undone):
        for event, (reason, history) in zip(events, judged, strict=True):
            if reason is None:
                _take_back(event, history, revert, people[event.customer_id or 0], now)
    kept = Counter(reason for reason, _ in judged if reason)
    return Part(events[-1].id if len(events) == AT_ONCE else None, len(events), undone, dict(kept))


def outlook(batch: Batch, customer: type[ConsentState]) -> Outlook:
    """What a revert would do if it ran now; reads no more than a page can wait for."""
    found: Counter[Kept | None] = Counter()
    after = 0
    while (events := _part(batch.id, after)) and found.total() < MOST_FORESEEN:
        after = events[-1].id
        found.update(reason for reason, _ in _judged(events, _people(events, customer)))
    kept = {reason: found[reason] for reason in Kept if found[reason]}
    return Outlook(found[None], kept, whole=not events)


def _part(batch_id: int, after: int) -> Sequence[ConsentEvent]:
    part = select(ConsentEvent).where(ConsentEvent.batch_id == batch_id, ConsentEvent.id > after)
    return db.session.scalars(part.order_by(ConsentEvent.id).limit(AT_ONCE)).all()


def _take_back(
    event: ConsentEvent, events: list[ConsentEvent], revert: Batch, customer: Any, now: datetime
) -> None:
    undone = ledger.new_event(
        customer, Kind.CONSENT, Verdict(Effect.CHANGED, now), source=Source.AGENT, actor=revert.actor, now=now
    )
    undone.status, undone.compensates = _state_before(events, event.id).status, event.id
    undone.batch_id = revert.id
    ledger.append_compensation(customer, undone, state.fold([*events, undone]))


def _locked(events: Sequence[ConsentEvent], customer: type[ConsentState]) -> dict[int, Any]:
    query = _of(events, customer).with_for_update(key_share=True)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return {each.id: each for each in found}


def _people(events: Sequence[ConsentEvent], customer: type[ConsentState]) -> dict[int, Any]:
    return {each.id: each for each in db.session.scalars(_of(events, customer))}


def _of(events: Sequence[ConsentEvent], customer: Any) -> Select[Any]:
    ids = {event.customer_id for event in events}
    return select(customer).where(customer.id.in_(ids)).order_by(customer.id)


def _judged(
    events: Sequence[ConsentEvent], people: dict[int, Any]
) -> list[tuple[Kept | None, list[ConsentEvent]]]:
    """For each event why it is kept, or None, and the history of its customer; two statements for all."""
    histories: dict[int, list[ConsentEvent]] = {id: [] for id in people}
    for each in ledger.history(*people):
        histories[each.customer_id or 0].append(each)
    before = {event.id: _state_before(histories[event.customer_id or 0], event.id) for event in events}
    proofs = _proved({then.status_event_id for then in before.values()})
    return [
        (
            _reason_to_keep(
                event, histories[event.customer_id or 0], before[event.id], people[event.customer_id or 0],
                before[event.id].status_event_id in proofs,
            ),
            histories[event.customer_id or 0],
        )
        for event in events
    ]  # fmt: skip


def _reason_to_keep(
    event: ConsentEvent, events: list[ConsentEvent], before: State, customer: Any, proved: bool
) -> Kept | None:
    if event.id in {each.compensates for each in events}:
        return Kept.REVERTED
    changed = event.effect == Effect.CHANGED
    if event.kind != Kind.CONSENT or event.source in OWN_OPT_OUT or not (changed or _seconds(event)):
        return Kept.NO_CHANGE
    if customer.erased_at is not None or customer.merged_into_id is not None:
        return Kept.GONE
    if (changed and customer.status_event_id != event.id) or state.stands_over(events, event.id):
        return Kept.NEWER
    return Kept.NO_PROOF if before.status == Status.OPTED_IN and not proved else None


def _seconds(event: ConsentEvent) -> bool:
    """Whether it only keeps another opt-out from being taken back (see `seconding`)."""
    return event.status == Status.OPTED_OUT and event.reason == SAME_STATUS


def _state_before(events: list[ConsentEvent], event_id: int) -> State:
    return state.fold([each for each in events if each.id < event_id])


def _proved(event_ids: set[int | None]) -> set[int]:
    wanted = [id for id in event_ids if id]
    words = func.trim(func.coalesce(Evidence.words, "")) != ""
    return set(db.session.scalars(select(Evidence.event_id).where(Evidence.event_id.in_(wanted), words)))
