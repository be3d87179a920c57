"""From claimed rows to messages: whom each goes to, and what fills its variables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from webapp.campaigns.models import Campaign, Delivery, DeliveryState, Template
from webapp.campaigns.sending import message_parts
from webapp.campaigns.sending.sender import Message, Recipient
from webapp.campaigns.templates import variables
from webapp.campaigns.templates.variables import Person, Unfilled, Variable
from webapp.consent.gate import Category, Suppression
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.extensions import db
from webapp.many_rows import among

UNFILLED = "unfilled"
"""A variable has no value for this customer."""
PREFERRED = (IdentityKind.PHONE, IdentityKind.WA_ID, IdentityKind.USER_ID)
NOBODY = Person("")
Address = tuple[str, str]
"""Kind and value of an identity."""


@dataclass(frozen=True)
class Claimed:
    """One delivery that has started, what is to be sent, and the customer's addresses that are known."""

    delivery_id: int
    customer_id: int
    message: Message
    known: frozenset[Address] = frozenset()


def callback_of(campaign_id: int, delivery_id: int) -> str:
    """What a request carries so that a status can name the delivery."""
    return f"heed:{campaign_id}:{delivery_id}"


def delivery_named(callback: str | None) -> tuple[int, int] | None:
    """Campaign and delivery that a status names; None for what this desk's campaigns did not send."""
    prefix, _, rest = (callback or "").partition(":")
    campaign, _, delivery = rest.partition(":")
    whole = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (campaign, delivery))
    return (int(campaign), int(delivery)) if prefix == "heed" and whole else None


def address(
    campaign: Campaign, template: Template, marketing_endpoint: bool, started: Sequence[Any]
) -> list[Claimed]:
    """What to send for each started row; one that cannot be addressed or filled ends here."""
    if not started:
        return []
    wanted = variables.variables_of(template.components, template.parameter_format)
    ids = [row.customer_id for row in started]
    addresses, people = _addresses(ids), _people(ids) if wanted else {}
    ready = []
    for row in started:
        known = addresses.get(row.customer_id, [])
        if not known:
            _end(row.id, DeliveryState.SUPPRESSED, Suppression.UNREACHABLE)
            continue
        try:
            components = _components(campaign, template, wanted, people.get(row.customer_id, NOBODY))
        except Unfilled:
            _end(row.id, DeliveryState.FAILED, UNFILLED)
            continue
        message = Message(
            recipient(known[0]), template.name, template.language, callback_of(campaign.id, row.id),
            marketing=marketing_endpoint and template.category == Category.MARKETING, components=components,
        )  # fmt: skip
        ready.append(Claimed(row.id, row.customer_id, message, frozenset(known)))
    return ready


def _components(
    campaign: Campaign, template: Template, wanted: list[Variable], person: Person
) -> list[dict[str, Any]]:
    values = variables.values(wanted, campaign.parameters, person)
    return message_parts.components_for(
        template.components, template.parameter_format, values, campaign.test_of_id or campaign.id
    )


def _people(ids: list[int]) -> dict[int, Person]:
    query = select(Customer.id, Customer.name, Customer.attrs_json).where(among(Customer.id, ids))
    return {id_: Person(name, attributes) for id_, name, attributes in db.session.execute(query)}


def _addresses(ids: list[int]) -> dict[int, list[Address]]:
    """The addresses of each of these customers, the one to write to first. Asked for by a list: beside
    deliveries that were written a moment ago, PostgreSQL would read all identities."""
    columns = Identity.id, Identity.customer_id, Identity.kind, Identity.value, Identity.left_at
    known = db.session.execute(select(*columns).where(among(Identity.customer_id, ids)))
    rows = [row for row in known if row.kind in PREFERRED]
    found: dict[int, list[Address]] = {}
    for row in sorted(rows, key=lambda row: (*rank(row.kind, row.left_at), row.id)):
        found.setdefault(row.customer_id, []).append((row.kind, row.value))
    return found


def rank(kind: str, left_at: datetime | None) -> tuple[bool, int]:
    """By which the address to write to is the first, and the oldest of equals: one that the person left comes
    after all others, for the number may be a stranger's by now."""
    return left_at is not None, PREFERRED.index(kind)


def recipient(place: Address) -> Recipient:
    kind, value = place
    by_id = kind == IdentityKind.USER_ID
    return Recipient(value if by_id else f"+{value}", by_id)


def _end(delivery_id: int, state: DeliveryState, reason: str) -> None:
    ended: dict[str, Any] = {"state": state, "reason": reason, "started_at": None, "token": None}
    db.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(**ended))
