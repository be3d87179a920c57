"""Another number or another user id for the owner of a phone."""

from dataclasses import replace

from sqlalchemy import select

from webapp.customers.models import Identity
from webapp.customers.phones import display_phone
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db
from webapp.simulator.acts import Writer
from webapp.simulator.deliveries import user_id_of
from webapp.simulator.network import network
from webapp.whatsapp.invented import NUMBERS

NEW_NUMBERS = NUMBERS[50:]
"""For those who move; nobody else has them."""
NUMBER = "user_changed_number"


def next_address(writer: Writer, code: str) -> Writer | None:
    """The writer after a move; None when there is no number to change, or none left to change to."""
    if code != NUMBER:
        return replace(writer, user_id=user_id_of(f"{writer.user_id} anew"))
    number = _free_number() if writer.wa_id else None
    return replace(writer, wa_id=number, user_id=user_id_of(number)) if number else None


def shown(writer: Writer, code: str) -> str:
    """What changed, for the chat."""
    return display_phone(writer.wa_id) if code == NUMBER and writer.wa_id else writer.user_id


def _free_number() -> str | None:
    """A new number brings a new user id (Meta, business-scoped user ids)."""
    known = select(Identity.value).where(Identity.kind.in_(NUMBER_KINDS), Identity.value.in_(NEW_NUMBERS))
    taken = set(db.session.scalars(known)) | network().moves.numbers()
    return next((number for number in NEW_NUMBERS if number not in taken), None)
