"""The gate for any sender: one answer per recipient, each stored with what the gate saw."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert

from webapp.api.people import People, Person
from webapp.api.recipients import Recipient
from webapp.consent import gate, policy
from webapp.consent.gate import STRICT, Category, Facts, Suppression, Terms
from webapp.consent.models import SendDecision
from webapp.customers.erasure import suppressions
from webapp.customers.erasure.suppressions import WrongKey
from webapp.extensions import db

STRICTEST_FIRST = (*Suppression, None)


@dataclass(frozen=True)
class Decision:
    recipient: Recipient
    reason: Suppression | None
    """Why nothing may be sent; None when the message may go."""
    person: Person | None
    """Whose state decided; None when nobody here has such an address."""

    @property
    def customer_id(self) -> int | None:
        return self.person.id if self.person else None


@dataclass(frozen=True)
class Asked:
    """What a sender is about to do."""

    category: Category
    recipients: Sequence[Recipient]
    actor: str
    now: datetime


def decide(asked: Asked) -> list[tuple[int, Decision]]:
    """The answers in the order asked, each with its number. The caller commits. No customer is created."""
    terms = policy.terms(policy.current(), asked.now)
    people = People.having(place for recipient in asked.recipients for place in recipient.addresses)
    strangers = _judged_strangers(asked, people, terms)
    decisions = [
        strangers.get(place) or _decide(recipient, people, asked.category, terms)
        for place, recipient in enumerate(asked.recipients)
    ]
    return list(zip(_store(decisions, asked), decisions, strict=True))


def _judged_strangers(asked: Asked, people: People, terms: Terms) -> dict[int, Decision]:
    """What holds for those whom nobody here has, by their position: who was erased gets nothing. When nobody
    can tell who was, no stranger gets marketing."""
    strangers = {
        position: recipient
        for position, recipient in enumerate(asked.recipients)
        if recipient.addresses and not people.alike(recipient.addresses)
    }
    if not strangers:
        return {}
    places = [place for recipient in strangers.values() for place in recipient.addresses]
    try:
        erased: Collection[str] = suppressions.standing(places)
    except WrongKey:
        erased, terms = (), STRICT
    nobody = gate.suppression(Facts(), asked.category, terms)
    gone = gate.suppression(Facts(erased=True), asked.category)
    return {
        position: Decision(
            recipient, gone if any(p.match_key in erased for p in recipient.addresses) else nobody, None
        )
        for position, recipient in strangers.items()
    }


def _decide(recipient: Recipient, people: People, category: Category, terms: Terms) -> Decision:
    """Of several customers who may be this person the strictest answer counts."""
    if not recipient.addresses:
        return Decision(recipient, Suppression.UNREACHABLE, None)
    answers = [
        Decision(recipient, gate.suppression(person.facts, category, terms), person)
        for person in people.alike(recipient.addresses)
    ]
    return min(answers, key=lambda answer: STRICTEST_FIRST.index(answer.reason))


def _store(decisions: list[Decision], asked: Asked) -> list[int]:
    """The numbers of the stored decisions, in their order.

    Databases return the rows of one INSERT in any order. Rows of one customer and reason are equal, so that
    each of them may stand for each such decision.
    """
    numbers: dict[tuple[int | None, str | None], list[int]] = defaultdict(list)
    if rows := [_row(decision, asked) for decision in decisions]:
        statement = insert(SendDecision).returning(
            SendDecision.id, SendDecision.customer_id, SendDecision.reason
        )
        for number, customer_id, reason in db.session.execute(statement, rows):
            numbers[customer_id, reason].append(number)
    return [numbers[decision.customer_id, decision.reason].pop() for decision in decisions]


def _row(decision: Decision, asked: Asked) -> dict[str, object]:
    person = decision.person
    return {
        "customer_id": decision.customer_id,
        "category": asked.category,
        "allowed": decision.reason is None,
        "reason": decision.reason,
        "status": person.facts.status if person else Facts().status,
        "status_event_id": person.status_event_id if person else None,
        "actor": asked.actor,
        "decided_at": asked.now,
    }
