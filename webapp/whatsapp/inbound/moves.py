"""A person moves to another number or user id, and the consent goes along.

Source: Meta, webhooks reference for `messages`, system messages.
"""

from datetime import datetime

from sqlalchemy import update

from webapp.consent.ledger import Proof, Signal
from webapp.consent.rules import Source, Status
from webapp.customers import identities, locking, merging, sharing, whereabouts
from webapp.customers.addresses import Address
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.inbound.senders import addresses_of, learn, sender
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.payloads import NumberChange

MOVED = "WhatsApp says that the person moved from the number of one to that of the other."


def move(change: NumberChange, now: datetime) -> Customer:
    """Give the person's customer the new identities too, and keep the old ones: a stop covers them all.

    When the new identity already belongs to another customer, the two become one, and the stricter state
    counts (Meta, system messages: the person is the same). Messages go to the new ones from now on.
    """
    old, new = addresses_of(change.old), addresses_of(change.new)
    known = change.old if identities.find_by_addresses(old) else change.new
    customer = sender(known, now).customer
    stopped_at = _stopped_at([*old, *new], change.occurred_at)
    customer = _united(customer, identities.find_by_addresses(new), now)
    learn(customer, [*old, *new], now)
    people = locking.locked_like([*old, *new])
    whereabouts.move(customer, old, new, change.occurred_at)
    _show(customer)
    _share_the_strictest_state(people, change, stopped_at, now)
    return customer


def _show(customer: Customer) -> None:
    """The number in use, also on the pages that are open."""
    before = customer.phone_display
    identities.refresh(customer)
    customer.version += customer.phone_display != before


def _united(customer: Customer, owners_of_new: list[Customer], now: datetime) -> Customer:
    for owner in owners_of_new[:1]:
        if owner.id != customer.id:
            customer = merging.merge(customer, owner, actor="system", now=now, why=MOVED)
    return customer


@merging.moved_by
def move_messages(gone_id: int, kept_id: int) -> None:
    """What a merged customer wrote is read with the one who stays."""
    of_gone = InboundMessage.customer_id == gone_id
    db.session.execute(update(InboundMessage).where(of_gone).values(customer_id=kept_id))


def _stopped_at(given: list[Address], moved_at: datetime) -> datetime:
    """When the last stop was said, at the move at the earliest; a merge records it as of now."""
    people = identities.customers_like(given)
    said = [one.opt_out_at for one in people if one.status == Status.OPTED_OUT and one.opt_out_at]
    return max([moved_at, *said])


def _share_the_strictest_state(
    people: list[Customer], change: NumberChange, stopped_at: datetime, now: datetime
) -> None:
    proof = Proof("whatsapp", "The person moved here from another number", message_id=change.message_id or "")
    shown = Signal(
        Source.SYSTEM, "system", now, stated_at=change.occurred_at, message_id=change.key, proof=proof
    )
    sharing.share_stops(people, shown, stopped_at)
