"""Two customers turn out to be one person: the older record stays, the stricter state counts, and both
histories are kept. The caller commits.

The events of the other one stay where they are, for the ledger is never rewritten; its addresses, tags and
attributes move, so that it can neither be found nor sent to any more.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import CTE, select, update

from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.models import Evidence, Hold
from webapp.consent.rules import ConsentRefused, Source, Status, Turn
from webapp.customers import identities, whereabouts
from webapp.customers.attributes import attributes
from webapp.customers.models import Customer, Identity
from webapp.customers.tags import tags
from webapp.extensions import db

MERGED, MERGED_INTO = "merged", "merged_into"
Move = Callable[[int, int], None]
_moves: list[Move] = []


class NotMergeable(Exception):
    """They are one and the same, or one of them is gone."""


def moved_by(move: Move) -> Move:
    """Register how rows that refer to a customer move to the one who stays: `move(gone_id, kept_id)`."""
    _moves.append(move)
    return move


def merge(one: Customer, other: Customer, *, actor: str, now: datetime, why: str) -> Customer:
    """The customer who stays. `why` is a sentence for people, kept as evidence. Raises NotMergeable."""
    kept, gone = sorted((identities.survivor(one), identities.survivor(other)), key=lambda each: each.id)
    if kept.id == gone.id:
        raise NotMergeable
    ledger.lock(kept)
    ledger.lock(gone)
    if kept.erased_at or gone.erased_at:
        raise NotMergeable
    if gone.merged_into_id or kept.merged_into_id:  # somebody else was faster
        return merge(kept, gone, actor=actor, now=now, why=why)
    source = Source.AGENT if actor.startswith("user:") else Source.SYSTEM
    ledger.record_identity(kept, MERGED, Signal(source, actor, now, proof=Proof("", why)))
    _share_state(kept, gone, actor, now)
    ledger.record_identity(gone, MERGED_INTO, Signal(source, actor, now, proof=Proof("", why)))
    _move_properties(kept, gone)
    for move in _moves:
        move(gone.id, kept.id)
    gone.merged_into_id = kept.id
    db.session.flush()
    return kept


def merged_ids(customer_id: int) -> list[int]:
    """This customer and all who were merged into it."""
    found, new = [customer_id], [customer_id]
    while new:
        query = select(Customer.id).where(Customer.merged_into_id.in_(new)).order_by(Customer.id)
        new = list(db.session.scalars(query))
        found += new
    return found


def lineage() -> CTE:
    """Who was merged (`gone`) into whom (`kept`), in one step or in several."""
    merged = Customer.merged_into_id.is_not(None)
    steps = select(Customer.id.label("gone"), Customer.merged_into_id.label("kept")).where(merged)
    found = steps.cte("lineage", recursive=True)
    further = select(found.c.gone, Customer.merged_into_id).join(Customer, Customer.id == found.c.kept)
    return found.union_all(further.where(merged))


def _share_state(kept: Customer, gone: Customer, actor: str, now: datetime) -> None:
    """Every stop of the one who goes counts from now on; an opt-in only where there was no record."""
    said = f"Recorded for customer {gone.id}, who is the same person"
    if gone.status == Status.OPTED_OUT:
        statement = Statement(Status.OPTED_OUT, Source.SYSTEM, actor, now, proof=Proof("", said))
        ledger.record(kept, statement)
    elif gone.status == Status.OPTED_IN and kept.status == Status.UNKNOWN:
        _carry_opt_in(kept, gone, actor, now)
    if gone.platform_stop_at:  # it may be newer than one of the other's, which a resume in between would lift
        ledger.record_platform(kept, Turn.STOPPED, Signal(Source.SYSTEM, actor, now, proof=Proof("", said)))
    kept.disputed_at = kept.disputed_at or gone.disputed_at
    waiting = select(Hold).where(Hold.customer_id == gone.id, Hold.decided_at.is_(None)).order_by(Hold.id)
    for review in db.session.scalars(waiting).all():
        holds.hand_over(review, gone, kept, actor=actor, now=now)


def _carry_opt_in(kept: Customer, gone: Customer, actor: str, now: datetime) -> None:
    """With all that proves it and the time at which it was said."""
    evidence = db.session.get(Evidence, gone.status_event_id)
    if evidence is None:
        return
    proof = Proof.of(evidence)
    statement = Statement(
        Status.OPTED_IN, Source.SYSTEM, actor, now, stated_at=gone.status_at,
        proof=replace(proof, words=proof.words or proof.matched),
    )  # fmt: skip
    try:
        ledger.record(kept, statement)
    except ConsentRefused:
        return  # an opt-out of the one who stays is newer


def _move_properties(kept: Customer, gone: Customer) -> None:
    own_tags, own_attributes = list(gone.tags_json), dict(gone.attrs_json)
    tags.set_tags(gone, [])
    attributes.set_attributes(gone, dict.fromkeys(own_attributes))
    tags.set_tags(kept, [*kept.tags_json, *own_tags])
    lacking = {name: value for name, value in own_attributes.items() if name not in kept.attrs_json}
    attributes.set_attributes(kept, lacking)
    db.session.flush()
    db.session.execute(update(Identity).where(Identity.customer_id == gone.id).values(customer_id=kept.id))
    db.session.expire(kept, ["identities"])
    db.session.expire(gone, ["identities"])
    if not kept.name and gone.name:
        kept.name = gone.name
    if gone.unreachable_at is None:
        kept.unreachable_at = None  # one of the addresses works
    whereabouts.share(kept)
    identities.refresh(kept)
    identities.refresh(gone)
    kept.version += 1
    gone.version += 1
