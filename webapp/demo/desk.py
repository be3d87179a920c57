"""A desk full of invented customers: rows in bulk, consent through the ledger's own verbs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from webapp.consent import holds, ledger
from webapp.consent.keywords import RULE_VERSION, KeywordSet, read_text
from webapp.consent.ledger import Proof, Signal, Statement
from webapp.consent.rules import Source, Turn
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.demo import people, staff, stories
from webapp.demo.cast import Cast, Member
from webapp.demo.staff import Staff
from webapp.demo.stories import Step
from webapp.extensions import db

AT_ONCE = 500
"""Customers in one transaction: the usual demo is written whole or not at all, a large one in flat memory."""
YOUNGEST, OLDEST = timedelta(hours=6), timedelta(days=730)
DEFAULT_WORDS = KeywordSet(("STOP",), ("START",))


def fill(customers: int, now: datetime) -> Iterator[int]:
    """Write so many customers, the oldest first; yields how many each commit added.

    Person 0 is the newest, so that the first page is the same however many there are.
    """
    numbers = range(customers - 1, -1, -1)
    with writing():
        cast, team = Cast.prepared(), staff.introduce(now - OLDEST)
        for start in range(0, customers, AT_ONCE):
            chunk = numbers[start : start + AT_ONCE]
            _write([Member.of(n, _created_at(n, customers, now), now) for n in chunk], cast, team, now)
            yield len(chunk)


def _created_at(n: int, of: int, now: datetime) -> datetime:
    """Spread over two years, the newest a few hours ago."""
    age = YOUNGEST + OLDEST * ((n + people.chances(n, "created").random()) / of)
    return (now - age).replace(microsecond=0)


def _write(members: list[Member], cast: Cast, team: Staff, now: datetime) -> None:
    for member, customer in zip(members, cast.enter(members), strict=True):
        for position, step in enumerate(stories.story(member.n, member.person, member.created_at, now)):
            message_id = f"wamid.HEED-DEMO-{member.n}-{position}" if step.by_message else ""
            _tell(customer, step, _signal(customer, step, _actor(step, member.n, team), message_id, now))
    db.session.commit()
    db.session.expunge_all()


def _actor(step: Step, n: int, team: Staff) -> str:
    if step.by_message:
        return "customer"
    if step.source == Source.WHATSAPP:
        return "whatsapp"
    return team.shop if step.source == Source.API else team.colleagues[n % len(team.colleagues)]


def _signal(customer: Customer, step: Step, actor: str, message_id: str, now: datetime) -> Signal:
    return Signal(
        source=step.source,
        actor=actor,
        now=min(step.at + timedelta(seconds=1), now),
        stated_at=step.at,
        identity_id=customer.identities[0].id if step.by_message else None,
        message_id=message_id or None,
        proof=Proof(step.channel, step.words, step.matched, message_id),
        rule_version=RULE_VERSION if step.by_message else "",
    )


def _tell(customer: Customer, step: Step, signal: Signal) -> None:
    if step.turn == Turn.HELD:
        reading = read_text(step.words, DEFAULT_WORDS)
        proof = replace(signal.proof, matched=reading.matched)
        holds.hold(customer, reading.why, replace(signal, proof=proof))
    elif step.turn:
        ledger.record_platform(customer, step.turn, signal)
    elif step.status:
        ledger.record(customer, Statement(status=step.status, **vars(signal)))
