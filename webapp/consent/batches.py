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
    """What a revert did with some events; `below` is the id below which to go on, None at the end."""

    below: int | None
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


def revert_some(revert: Batch, customer: type[ConsentState], below: int, now: datetime) -> Part:
    """Take back the next events of the batch, in few statements however many they are; the newest first, for
    behind the last that it said of a customer stands what it said before.

    Safe to repeat from any place: an event is compensated once.
    """
    events = _part(revert.reverts_id or 0, below)
    people = _locked(events, customer)
    judging, kept = _Judging(), Counter[Kept]()
    judging.look_at(events, people)
    with together(list(people.values()), events=len(events)):
        for event in events:
            if reason := judging.reason_to_keep(event):
                kept[reason] += 1
            else:
                customer_id = event.customer_id or 0
                _take_back(event, judging.histories[customer_id], revert, people[customer_id], now)
    more = events[-1].id if len(events) == AT_ONCE else None
    return Part(more, len(events), len(events) - kept.total(), dict(kept))


def outlook(batch: Batch, customer: type[ConsentState]) -> Outlook:
    """What a revert would do if it ran now; reads no more than a page can wait for."""
    found: Counter[Kept | None] = Counter()
    judging, below = _Judging(), 0
    while (events := _part(batch.id, below)) and found.total() < MOST_FORESEEN:
        below = events[-1].id
        judging.look_at(events, _people(events, customer))
        found.update(map(judging.reason_to_keep, events))
    kept = {reason: found[reason] for reason in Kept if found[reason]}
    return Outlook(found[None], kept, whole=not events)


def _part(batch_id: int, below: int) -> Sequence[ConsentEvent]:
    """The newest of its events; of those below this id, unless it is 0."""
    part = select(ConsentEvent).where(ConsentEvent.batch_id == batch_id)
    part = part.where(ConsentEvent.id < below) if below else part
    return db.session.scalars(part.order_by(ConsentEvent.id.desc()).limit(AT_ONCE)).all()


def _take_back(
    event: ConsentEvent, events: list[ConsentEvent], revert: Batch, customer: Any, now: datetime
) -> None:
    undone = ledger.new_event(
        customer, Kind.CONSENT, Verdict(Effect.CHANGED, now), source=Source.AGENT, actor=revert.actor, now=now
    )
    undone.status, undone.compensates = _state_before(events, event.id).status, event.id
    undone.batch_id = revert.id
    events.append(undone)
    ledger.append_compensation(customer, undone, state.fold(events))


def _locked(events: Sequence[ConsentEvent], customer: type[ConsentState]) -> dict[int, Any]:
    query = _of(events, customer).with_for_update(key_share=True)
    found = db.session.scalars(query.execution_options(populate_existing=True))
    return {each.id: each for each in found}


def _people(events: Sequence[ConsentEvent], customer: type[ConsentState]) -> dict[int, Any]:
    return {each.id: each for each in db.session.scalars(_of(events, customer))}


def _of(events: Sequence[ConsentEvent], customer: Any) -> Select[Any]:
    ids = {event.customer_id for event in events}
    return select(customer).where(customer.id.in_(ids)).order_by(customer.id)


class _Judging:
    """What becomes of the events of a batch, which are asked about from the newest on."""

    def __init__(self) -> None:
        self.histories: dict[int, list[ConsentEvent]] = {}
        self._people: dict[int, Any] = {}
        self._proved: set[int] = set()
        self._standing: dict[int, int | None] = {}
        """The event by which a customer's status stands, with those taken back that were asked about."""
        self._going: set[int] = set()

    def look_at(self, events: Sequence[ConsentEvent], people: dict[int, Any]) -> None:
        """Two statements for all."""
        self.histories, self._people = {id: [] for id in people}, people
        for each in ledger.history(*people):
            self.histories[each.customer_id or 0].append(each)
        for id, one in people.items():
            self._standing.setdefault(id, one.status_event_id)
        self._proved = _proved({self._before(event).status_event_id for event in events})

    def reason_to_keep(self, event: ConsentEvent) -> Kept | None:
        """None for one that goes."""
        reason, before = self._reason(event), self._before(event)
        if reason is None and before.status == Status.OPTED_IN and before.status_event_id not in self._proved:
            reason = Kept.NO_PROOF
        if reason is None:
            self._going.add(event.id)
            self._standing[event.customer_id or 0] = before.status_event_id
        return reason

    def _reason(self, event: ConsentEvent) -> Kept | None:
        id, changed = event.customer_id or 0, event.effect == Effect.CHANGED
        events, customer = self.histories[id], self._people[id]
        if event.id in {each.compensates for each in events}:
            return Kept.REVERTED
        if event.kind != Kind.CONSENT or event.source in OWN_OPT_OUT or not (changed or _seconds(event)):
            return Kept.NO_CHANGE
        if customer.erased_at is not None or customer.merged_into_id is not None:
            return Kept.GONE
        over = {each.id for each in state.standing_over(events, event.id)} - self._going
        return Kept.NEWER if over or (changed and self._standing[id] != event.id) else None

    def _before(self, event: ConsentEvent) -> State:
        return _state_before(self.histories[event.customer_id or 0], event.id)


def _seconds(event: ConsentEvent) -> bool:
    """Whether it only keeps another opt-out from being taken back (see `seconding`)."""
    return event.status == Status.OPTED_OUT and event.reason == SAME_STATUS


def _state_before(events: list[ConsentEvent], event_id: int) -> State:
    return state.fold([each for each in events if each.id < event_id])


def _proved(event_ids: set[int | None]) -> set[int]:
    wanted = [id for id in event_ids if id]
    words = func.trim(func.coalesce(Evidence.words, "")) != ""
    return set(db.session.scalars(select(Evidence.event_id).where(Evidence.event_id.in_(wanted), words)))
