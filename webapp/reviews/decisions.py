"""A person decides what a message meant: a stop, or not. Two people at once: the stricter decision wins."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from webapp.consent import holds, ledger
from webapp.consent.ledger import Proof, Statement
from webapp.consent.models import ConsentEvent, Hold
from webapp.consent.rules import NOT_A_STOP, WAS_A_STOP, Kind, ReviewKind, Source, Status
from webapp.customers import locking
from webapp.customers.models import Customer
from webapp.extensions import db

SIGNUP_CHANNEL = "WhatsApp signup"
LONGEST_NOTE = 500


class Decision(StrEnum):
    OPT_OUT = WAS_A_STOP
    NOT_A_STOP = NOT_A_STOP
    NOTHING = "nothing"
    """Somebody listened, and nothing in it is about marketing."""
    OPT_IN = "opt_in"
    NOT_NOW = "not_now"
    NOT_SURE = "not_sure"
    """No decision: the message waits on, with a note for whoever reads it next."""


CHOICES = {
    ReviewKind.HOLD: (Decision.OPT_OUT, Decision.NOT_A_STOP, Decision.NOT_SURE),
    ReviewKind.LISTEN: (Decision.OPT_OUT, Decision.NOTHING),
    ReviewKind.SIGNUP: (Decision.OPT_IN, Decision.NOT_NOW),
}


OVERRULED = {ReviewKind.HOLD: Decision.NOT_A_STOP, ReviewKind.LISTEN: Decision.NOTHING}
"""The decisions that an opt-out still comes through after."""


class Unfit(ValueError):
    """This cannot be decided so; the message says what is missing, in words for people."""


class DecidedMeanwhile(Exception):
    """Somebody decided before, and no less strictly; `review` says who, when and what."""

    def __init__(self, review: Hold) -> None:
        super().__init__("Somebody else decided this message meanwhile.")
        self.review = review


def decide(review: Hold, decision: Decision, *, note: str = "", actor: str, now: datetime) -> list[int]:
    """Turn the hold into an opt-out, or end it; the ids of all that this decided. The caller commits.

    An opt-out reaches all who may be the person, and comes through even after "not a stop"; every other
    second decision raises DecidedMeanwhile. Raises Unfit without the words that a decision needs, and
    rules.ConsentRefused for a signup that a later opt-out stands against.
    """
    _demand_fitting(review, decision, note)
    people = _locked(review)
    if review.decided_at is not None and not _is_stricter(decision, review):
        raise DecidedMeanwhile(review)
    same = _open_reviews_of_the_message(review)
    match decision:
        case Decision.NOT_SURE:
            for each in same:
                holds.put_off(each, note.strip(), actor=actor, now=now)
        case Decision.OPT_OUT:
            _opt_out(people, review, same, note, actor, now)
        case Decision.NOT_A_STOP:
            for each in same:
                holds.release(db.session.get_one(Customer, each.customer_id), each, actor=actor, now=now)
        case Decision.OPT_IN:
            _record_signup(review, actor, now)
        case _:
            holds.decide(review, decision, actor=actor, now=now)
    return [each.id for each in same] or [review.id]


def _demand_fitting(review: Hold, decision: Decision, note: str) -> None:
    if decision not in CHOICES[ReviewKind(review.kind)]:
        raise Unfit("That is no answer to this message.")
    if decision is Decision.NOT_SURE and not note.strip():
        raise Unfit("Write what is unclear, so that a colleague can decide.")
    if review.kind == ReviewKind.LISTEN and decision is Decision.OPT_OUT and not note.strip():
        raise Unfit("Write what the customer said: it is the evidence of the opt-out.")
    if len(note) > LONGEST_NOTE:
        raise Unfit(f"Keep the note to {LONGEST_NOTE} characters.")


def _locked(review: Hold) -> list[Customer]:
    """All who may be the person, then the review itself, read afresh: deciders wait for each other here."""
    people = locking.locked_alike(db.session.get_one(Customer, review.customer_id))
    db.session.refresh(review, with_for_update=True)
    return people


def _is_stricter(decision: Decision, review: Hold) -> bool:
    return decision is Decision.OPT_OUT and review.decision == OVERRULED.get(ReviewKind(review.kind))


def _opt_out(
    people: list[Customer], review: Hold, same: list[Hold], note: str, actor: str, now: datetime
) -> None:
    review.overruled_by, review.overruled_at = review.decided_by, review.decided_at
    open_holds = {each.customer_id: each for each in same if each.kind == ReviewKind.HOLD}
    for customer in people:
        if hold := open_holds.get(customer.id):
            holds.confirm_stop(customer, hold, actor=actor, now=now)
        else:
            ledger.record(customer, holds.stop_of(review, actor, now, note.strip()))
    holds.decide(review, Decision.OPT_OUT, actor=actor, now=now)


def _record_signup(review: Hold, actor: str, now: datetime) -> None:
    """Said when the person signed up, so an opt-out of their own since then stands against it."""
    proof = Proof(SIGNUP_CHANNEL, review.words, review.matched)
    customer = db.session.get_one(Customer, review.customer_id)
    ledger.record(
        customer,
        Statement(Status.OPTED_IN, Source.AGENT, actor, now, stated_at=review.occurred_at, proof=proof),
    )
    holds.decide(review, Decision.OPT_IN, actor=actor, now=now)


def _open_reviews_of_the_message(review: Hold) -> list[Hold]:
    """One message holds everybody who may have written it, and is decided once for all of them."""
    message = select(ConsentEvent.external_id).where(ConsentEvent.id == review.event_id).scalar_subquery()
    query = (
        select(Hold)
        .outerjoin(ConsentEvent, ConsentEvent.id == Hold.event_id)
        .where(Hold.decided_at.is_(None))
        .where(
            (Hold.id == review.id)
            | ((ConsentEvent.kind == Kind.HOLD) & (ConsentEvent.external_id == message))
        )
        .order_by(Hold.customer_id)
    )
    return list(db.session.scalars(query))
