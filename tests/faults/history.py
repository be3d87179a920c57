"""What was said to a desk and what it answered; and what stands on record there afterwards."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select

from webapp.campaigns.models import Campaign, Delivery
from webapp.campaigns.reports import audit
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.sealing import housekeeping, verification
from webapp.customers.models import Customer, Identity
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage

OK, MOVED = 200, 303


@dataclass
class Asked:
    """Something that was brought to the desk, again and again until it was taken: (time, status) of each
    answer; status 0 is no answer."""

    first_at: float
    answers: list[tuple[float, int]] = field(default_factory=list)

    @property
    def taken_at(self) -> float | None:
        """When the desk first said that it is done."""
        return next((at for at, status in self.answers if status in (OK, MOVED, 204)), None)


@dataclass
class Word(Asked):
    """A customer's message, as a webhook."""

    id: str = ""
    number: str = ""
    text: str = ""
    person: int = 0
    """The customer who says it, when the desk knows them under some form of the number."""

    @property
    def stop(self) -> bool:
        return self.text == "STOP"


@dataclass
class Toggle(Asked):
    """An agent opts a customer out."""

    customer_id: int = 0


@dataclass(frozen=True)
class Request:
    """A message on the wire: `at`, to which `number`, for which campaign and delivery."""

    at: float
    number: str
    campaign_id: int
    delivery_id: int
    marketing: bool = True


@dataclass
class History:
    """All of it, from outside."""

    words: list[Word] = field(default_factory=list)
    toggles: list[Toggle] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)
    """Numbers of people who were erased after all they said."""
    answers: Counter[int] = field(default_factory=Counter)
    """Of webhooks and pages, by status; 0: the connection was refused or cut."""


@dataclass(frozen=True)
class Event:
    id: int
    customer_id: int
    kind: str
    status: str
    source: str
    effect: str = "changed"
    external_id: str | None = None
    compensates: int | None = None
    evidence: bool = True
    occurred_at: datetime | None = None


@dataclass(frozen=True)
class Sent:
    """A delivery's row."""

    id: int
    campaign_id: int
    customer_id: int
    state: str
    reason: str | None = None
    wamid: str | None = None
    category: str | None = "MARKETING"
    gate_status: str | None = "opted_in"
    gate_stopped: bool | None = False
    gate_held: bool | None = False


@dataclass
class Record:
    """What the database says."""

    kept: Counter[str] = field(default_factory=Counter)
    """How often each inbound item, by its key."""
    owners: dict[str, int] = field(default_factory=dict)
    """Who has which number."""
    statuses: dict[int, str] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    campaigns: dict[int, str] = field(default_factory=dict)
    ledger_fault: str | None = None
    audited: list[str] = field(default_factory=list)
    logs: str = ""


def read(app: Flask, now: datetime, logs: Iterable[str] = (), *, verified: bool = True) -> Record:
    """The record as it is now; `verified` by what Heed itself looks with, too."""
    with app.app_context():
        proved = set(db.session.scalars(select(Evidence.event_id)))
        columns = [getattr(ConsentEvent, name) for name in Event.__dataclass_fields__ if name != "evidence"]
        history = db.session.execute(select(*columns).where(ConsentEvent.customer_id.is_not(None)))
        identities = select(Identity.value, Identity.match_key, Identity.customer_id)
        record = Record(
            kept=Counter(db.session.scalars(select(InboundMessage.key))),
            owners={number: owner for *forms, owner in db.session.execute(identities) for number in forms},
            statuses=dict(db.session.execute(select(Customer.id, Customer.status)).all()),
            erased=set(db.session.scalars(select(Customer.id).where(Customer.erased_at.is_not(None)))),
            events=[Event(**row._asdict(), evidence=row.id in proved) for row in history],
            sent=[_sent(row) for row in db.session.scalars(select(Delivery).order_by(Delivery.id))],
            campaigns=dict(db.session.execute(select(Campaign.id, Campaign.status)).all()),
            logs="\n".join(logs),
        )
        if verified:
            record.audited = [f"delivery {each.delivery_id}: {each.why}" for each in audit.violations(now)]
            anchors = housekeeping.anchors(app.config["HEED"])
            record.ledger_fault = verification.run(verification.COMMAND, anchors, now).fault
        db.session.remove()
    return record


def _sent(row: Any) -> Sent:
    return Sent(
        row.id, row.campaign_id, row.customer_id, row.state, row.reason, row.wamid, row.gate_category,
        row.gate_status, row.gate_stopped, row.gate_held,
    )  # fmt: skip
