"""A person decides what a message meant: a stop, or not. Two people at once: the stricter decision wins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Hold
from webapp.consent.rules import Kind, Source, Status
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.extensions import db


class Decision(StrEnum):
    OPT_OUT = "opt_out"
    NOT_A_STOP = "not_a_stop"


class DecidedMeanwhile(Exception):
    """Somebody decided before, and no less strictly; `review` says who, when and what."""

    def __init__(self, review: Hold) -> None:
        super().__init__("Somebody else decided this message meanwhile.")
        self.review = review


def decide(review: Hold, decision: Decision, *, actor: str, now: datetime) -> None:
    """Turn the hold into an opt-out, or end it. The caller commits.

    An opt-out reaches all who may be the person, and comes through even after "not a stop"; every other
    second decision raises DecidedMeanwhile.
    """
    people = _locked(review)
    if review.decided_at is not None and not _is_stricter(decision, review):
        raise DecidedMeanwhile(review)
    if decision is Decision.OPT_OUT:
        _opt_out(people, review, actor, now)
    else:
        for same in _open_holds_of_the_message(review):
            holds.release(db.session.get_one(Customer, same.customer_id), same, actor=actor, now=now)


def _locked(review: Hold) -> list[Customer]:
    """All who may be the person, then the review itself, read afresh: deciders wait for each other here."""
    people = identities.alike(db.session.get_one(Customer, review.customer_id))
    for customer in people:
        ledger.lock(customer)
    db.session.refresh(review, with_for_update=True)
    return people


def _is_stricter(decision: Decision, review: Hold) -> bool:
    return decision is Decision.OPT_OUT and review.decision == Decision.NOT_A_STOP


def _opt_out(people: list[Customer], review: Hold, actor: str, now: datetime) -> None:
    open_holds = {same.customer_id: same for same in _open_holds_of_the_message(review)}
    for customer in people:
        if hold := open_holds.get(customer.id):
            holds.confirm_stop(customer, hold, actor=actor, now=now)
        else:
            ledger.record(customer, _statement(review, actor, now))
    review.decision, review.decided_by, review.decided_at = Decision.OPT_OUT, actor, now


def _statement(review: Hold, actor: str, now: datetime) -> Statement:
    proof = Proof(channel="whatsapp", words=review.words, matched=review.why)
    return Statement(Status.OPTED_OUT, Source.REVIEW, actor, now, stated_at=review.occurred_at, proof=proof)


def _open_holds_of_the_message(review: Hold) -> list[Hold]:
    """One message holds everybody who may have written it, and is decided once for all of them."""
    message = select(ConsentEvent.external_id).where(ConsentEvent.id == review.event_id).scalar_subquery()
    query = (
        select(Hold)
        .join(ConsentEvent, ConsentEvent.id == Hold.event_id)
        .where(Hold.decided_at.is_(None), ConsentEvent.kind == Kind.HOLD)
        .where((Hold.id == review.id) | (ConsentEvent.external_id == message))
        .order_by(Hold.customer_id)
    )
    return list(db.session.scalars(query))
