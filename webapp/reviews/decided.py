"""What was decided last, by whom, in words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.actors import actor_names
from webapp.consent.models import Hold
from webapp.consent.rules import ReviewKind
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.reviews import reopening
from webapp.reviews.decisions import Decision
from webapp.whatsapp.recent import kind_in_words

MOST_DECIDED = 20
WORDS = {
    Decision.OPT_OUT: "Opted out",
    Decision.NOT_A_STOP: "Not a stop",
    Decision.NOTHING: "Nothing in it",
    Decision.OPT_IN: "Consent recorded",
    Decision.NOT_NOW: "Not recorded",
}
CAN_BE_OVERRULED = (Decision.NOT_A_STOP, Decision.NOTHING)


@dataclass(frozen=True)
class Decided:
    """One decision, as a line of the list."""

    id: int
    customer_id: int
    label: str
    words: str
    outcome: str
    by: str
    """Whose decision, and whom it overruled."""
    at: datetime
    undoable: bool
    laxer: bool
    """Whether a stricter decision may still follow it."""


def latest(actor: str, now: datetime) -> list[Decided]:
    """The last decisions, newest first, as this person sees them."""
    query = (
        select(Hold, Customer)
        .join(Customer, Customer.id == Hold.customer_id)
        .where(Hold.decided_at.is_not(None))
        .order_by(Hold.decided_at.desc(), Hold.id.desc())
    )
    rows = db.session.execute(query.limit(MOST_DECIDED)).all()
    names = actor_names(key for review, _ in rows for key in (review.decided_by, review.overruled_by) if key)
    return [_line(review, customer, names, actor, now) for review, customer in rows]


def _line(review: Hold, customer: Customer, names: dict[str, str], actor: str, now: datetime) -> Decided:
    decision = Decision(review.decision or "")
    return Decided(
        id=review.id,
        customer_id=customer.id,
        label=customer.label,
        words=review.words or kind_in_words(review.matched),
        outcome=WORDS[decision],
        by=_by(review, names),
        at=review.decided_at or now,
        undoable=reopening.undoable(review, actor, now),
        laxer=decision in CAN_BE_OVERRULED and review.kind == ReviewKind.HOLD,
    )


def _by(review: Hold, names: dict[str, str]) -> str:
    """Nobody decided, or somebody did; a colleague who was overruled is named."""
    if review.decided_by == "system":
        return "Nobody decided in ten days"
    who = names[review.decided_by or ""]
    if not review.overruled_by:
        return f"By {who}"
    return f"By {who}; {names[review.overruled_by]} had said that it is not a stop"


def sentence(review: Hold, when: str) -> str:
    """Who decided before, for somebody who decides on a page that is out of date."""
    key = review.decided_by or "system"
    customer = db.session.get_one(Customer, review.customer_id)
    who = "Nobody decided in ten days, so Heed" if key == "system" else actor_names([key])[key]
    match review.decision:
        case Decision.OPT_OUT:
            return f"{who} opted {customer.label} out {when}. That stands, and nothing is released."
        case Decision.OPT_IN:
            return f"{who} recorded the consent of {customer.label} {when}."
        case Decision.NOT_NOW:
            return f"{who} decided {when} not to record it."
        case Decision.NOTHING:
            return f"{who} decided {when}: there was nothing in it."
        case _:
            return f"{who} decided {when}: it is not a stop."
