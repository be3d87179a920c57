"""From claimed rows to messages: whom each goes to, and what fills its variables."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from webapp.campaigns import variables
from webapp.campaigns.models import Campaign, Delivery, DeliveryState, Template
from webapp.campaigns.sender import Message, Recipient
from webapp.campaigns.variables import Person, Unfilled, Variable
from webapp.consent.gate import Category, Suppression
from webapp.customers.models import Customer, Identity, IdentityKind
from webapp.extensions import db

UNFILLED = "unfilled"
"""A variable has no value for this customer."""
PREFERRED = (IdentityKind.PHONE, IdentityKind.WA_ID, IdentityKind.USER_ID)


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
) -> list[tuple[int, int, Message]]:
    """(delivery, customer, message) of each row; one that cannot be addressed or filled ends here."""
    if not started:
        return []
    customers = [row.customer_id for row in started]
    known, recipients = _people(customers), _recipients(customers)
    wanted = variables.variables_of(template.components, template.parameter_format)
    ready = []
    for row in started:
        recipient = recipients.get(row.customer_id)
        if recipient is None:
            _end(row.id, DeliveryState.SUPPRESSED, Suppression.UNREACHABLE)
            continue
        try:
            components = _components(campaign, template, wanted, known[row.customer_id])
        except Unfilled:
            _end(row.id, DeliveryState.FAILED, UNFILLED)
            continue
        message = Message(
            recipient, template.name, template.language, callback_of(campaign.id, row.id),
            marketing=marketing_endpoint and template.category == Category.MARKETING, components=components,
        )  # fmt: skip
        ready.append((row.id, row.customer_id, message))
    return ready


def _components(
    campaign: Campaign, template: Template, wanted: list[Variable], person: Person
) -> list[dict[str, Any]]:
    values = variables.values(wanted, campaign.parameters, person)
    return variables.components_for(
        template.components, template.parameter_format, values, campaign.test_of_id or campaign.id
    )


def _people(ids: list[int]) -> dict[int, Person]:
    rows = db.session.execute(
        select(Customer.id, Customer.name, Customer.attrs_json).where(Customer.id.in_(ids))
    )
    return {row.id: Person(row.name, row.attrs_json) for row in rows}


def _recipients(ids: list[int]) -> dict[int, Recipient]:
    rows = db.session.execute(
        select(Identity.customer_id, Identity.kind, Identity.value)
        .where(Identity.customer_id.in_(ids), Identity.kind.in_(PREFERRED))
        .order_by(Identity.id.desc())
    )
    best: dict[int, tuple[int, Recipient]] = {}
    for row in rows:  # the oldest of the most preferred kind comes last and stays
        rank = PREFERRED.index(IdentityKind(row.kind))
        if row.customer_id not in best or rank <= best[row.customer_id][0]:
            by_id = row.kind == IdentityKind.USER_ID
            value = row.value if by_id else f"+{row.value}"
            best[row.customer_id] = rank, Recipient(value, by_id)
    return {customer_id: recipient for customer_id, (_, recipient) in best.items()}


def _end(delivery_id: int, state: DeliveryState, reason: str) -> None:
    ended: dict[str, Any] = {"state": state, "reason": reason, "started_at": None, "token": None}
    db.session.execute(update(Delivery).where(Delivery.id == delivery_id).values(**ended))
