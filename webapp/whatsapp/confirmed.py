"""Confirmations: which change gets one, the message of each, and what became of it. The caller commits.

A row is committed as `sending` before its message goes on the wire, and such a row is never sent again.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from webapp.campaigns.sending.addressing import PREFERRED, rank, recipient
from webapp.campaigns.sending.codes import Action, rule_of
from webapp.campaigns.sending.sender import Accepted, Answer, NotStarted, Refused, Text, Unclear
from webapp.consent import confirmations, policy
from webapp.consent.models import Confirmation, ConsentEvent, Policy
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.items import Status

AT_ONCE = 20
MOST_TRIES = 5
OPEN = ("waiting", "sending", "sent", "unknown")
LEASE = timedelta(minutes=2)
"""After so long nobody waits for an answer any more: it may have arrived."""
STANDBY = "standby"
FROM_CUSTOMERS = ("messages", STANDBY)
CALLBACK = "heed-confirmation"
PASSES = (Action.RETRY, Action.WAIT_NUMBER, Action.WAIT_PERSON, Action.WAIT_CAMPAIGN)


@dataclass(frozen=True)
class Claimed:
    id: int
    message: Text


def claim(now: datetime) -> list[Claimed]:
    """Decide about what is due; those that get a confirmation are `sending` once this is committed."""
    _lose_leases(now)
    settings = policy.current()
    if settings.confirm_since is None:
        return []
    for event in db.session.scalars(confirmations.due(settings, now).limit(AT_ONCE)).all():
        _decide(event, settings, now)
    waiting = db.session.scalars(
        select(Confirmation)
        .where(Confirmation.state == "waiting")
        .order_by(Confirmation.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    return [claimed for row in waiting if (claimed := _started(row, settings, now))]


def settle(id: int, answer: Answer) -> None:
    """Write down what WhatsApp answered; a status may have come first and then says more."""
    row = db.session.get_one(Confirmation, id, populate_existing=True, with_for_update={"key_share": True})
    if row.state != "sending":
        if isinstance(answer, Accepted):
            row.wamid = row.wamid or answer.wamid
        return
    match answer:
        case Accepted(wamid=wamid):
            row.state, row.wamid = "sent", wamid
        case Unclear(why=why):
            row.state, row.reason = "unknown", why
        case NotStarted() | Refused():
            again = _passes(answer) and row.tries < MOST_TRIES
            row.state, row.reason = "waiting" if again else "failed", "refused"
            row.error_code = getattr(answer, "code", None)


def must_wait(answers: Iterable[Answer]) -> bool:
    """Whether WhatsApp, or the way to it, wants us to come later."""
    return any(_passes(answer) for answer in answers)


def hear(statuses: Iterable[Status]) -> None:
    """What WhatsApp reports of confirmations; their failure says nothing about consent."""
    for status in statuses:
        named = _named(status.callback)
        if named is None or status.status not in ("sent", "delivered", "read", "failed"):
            continue
        failed = status.status == "failed"
        values = {"state": "failed" if failed else "sent", "reason": "refused" if failed else ""}
        db.session.execute(
            update(Confirmation)
            .where(Confirmation.id == named, Confirmation.state.in_(OPEN))
            .values(**values, error_code=status.error_code if failed else None)
            .execution_options(synchronize_session=False)
        )


def _decide(event: ConsentEvent, settings: Policy, now: datetime) -> None:
    language, words = confirmations.text_for(event, settings)
    row = Confirmation(
        event_id=event.id, message_key=event.external_id, customer_id=event.customer_id, decided_at=now,
        state="waiting" if words else "skipped", reason="" if words else "no_text", language=language,
        words=words, tries=0,
    )  # fmt: skip
    with suppress(IntegrityError), db.session.begin_nested():  # another record of this person, or worker
        db.session.add(row)


def _started(row: Confirmation, settings: Policy, now: datetime) -> Claimed | None:
    event = db.session.get_one(ConsentEvent, row.event_id)
    customer = db.session.get_one(Customer, row.customer_id)
    if why := _against(event, customer, row, settings, now):
        row.state, row.reason = "skipped", why
        return None
    place = _place(event, customer)
    if place is None:
        row.state, row.reason = "skipped", "no_address"
        return None
    row.state, row.decided_at, row.tries = "sending", now, row.tries + 1
    return Claimed(row.id, Text(recipient(place), row.words, f"{CALLBACK}:{row.id}"))


def _against(
    event: ConsentEvent, customer: Customer, row: Confirmation, settings: Policy, now: datetime
) -> str:
    """Why this change gets no confirmation now; "" when it does."""
    if now - event.occurred_at > confirmations.WINDOW:
        return "window"
    if customer.erased_at or customer.merged_into_id or customer.status_event_id != event.id:
        return "changed_again"
    if row.tries == 0 and confirmations.too_many(customer.id, now, but=row.id):
        return "too_many"
    if not settings.confirm_in_agent_chats and _agent_holds(customer.id):
        return "agent_chat"
    return ""


def _agent_holds(customer_id: int) -> bool:
    """Whether Meta's agent holds the conversation: then the customer's messages come under `standby`
    (Meta, webhooks reference for `standby`), and a text of ours would take it over."""
    query = (
        select(InboundMessage.field)
        .where(InboundMessage.customer_id == customer_id, InboundMessage.field.in_(FROM_CUSTOMERS))
        .order_by(InboundMessage.id.desc())
        .limit(1)
    )
    return db.session.scalar(query) == STANDBY


def _place(event: ConsentEvent, customer: Customer) -> tuple[str, str] | None:
    """The address by which the customer spoke, unless they left it since; else that of campaigns."""
    places = [each for each in customer.identities if each.kind in PREFERRED]
    spoken = [each for each in places if each.id == event.identity_id and each.left_at is None]
    best = min(spoken or places, key=lambda each: (*rank(each.kind, each.left_at), each.id), default=None)
    return (best.kind, best.value) if best else None


def _passes(answer: Answer) -> bool:
    if isinstance(answer, Refused):
        return rule_of(answer.code, answer.http).action in PASSES
    return isinstance(answer, NotStarted)


def _lose_leases(now: datetime) -> None:
    db.session.execute(
        update(Confirmation)
        .where(Confirmation.state == "sending", Confirmation.decided_at < now - LEASE)
        .values(state="unknown", reason="lease")
        .execution_options(synchronize_session=False)
    )


def _named(callback: str | None) -> int | None:
    prefix, _, id = (callback or "").partition(":")
    whole = id.isascii() and id.isdigit() and len(id) < 19
    return int(id) if prefix == CALLBACK and whole else None
