"""What came in from WhatsApp, of a customer who is erased: that somebody wrote and when stays; the words, the
numbers and WhatsApp's ids go, in dead letters and in messages of others that hold the number, too."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, delete, func, literal, or_, select, update

from webapp.customers.addresses import Address
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import VEILED, Gone, veiled
from webapp.customers.search import NUMBER_KINDS
from webapp.extensions import db
from webapp.whatsapp.inbound.stored import EMPTIED
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.retention import RECEIPTS

FEWEST_DIGITS = 8
"""A shorter number may stand in a message by chance; it is looked for between quotes only."""
EMPTY = {
    "raw": EMPTIED, "around": None, "matched": "", "failure": None, "missed": None, "aside_note": "",
}  # fmt: skip


@erasing.erased_by
def erase(gone: Gone) -> None:
    """Reads all messages that are kept: no index knows what stands in them."""
    theirs = InboundMessage.customer_id.in_(gone.ids)
    holding = or_(theirs, *(_holds(clue) for clue in _clues(gone.addresses)))
    db.session.execute(delete(InboundMessage).where(holding, InboundMessage.kind.in_(RECEIPTS)))
    found = db.session.execute(
        select(InboundMessage.id, InboundMessage.key, InboundMessage.customer_id).where(holding)
    ).all()
    for row in found:
        of_others = row.customer_id is not None and row.customer_id not in gone.ids
        key = row.key if of_others or row.key.startswith(VEILED) else veiled(row.key)
        db.session.execute(update(InboundMessage).where(InboundMessage.id == row.id).values(key=key, **EMPTY))


def _holds(clue: bytes) -> ColumnElement[bool]:
    return or_(_contains(InboundMessage.raw, clue), _contains(InboundMessage.around, clue))


def _contains(column: Any, clue: bytes) -> ColumnElement[bool]:
    wanted = literal(clue, LargeBinary)
    if db.session.get_bind().dialect.name == "sqlite":
        return func.instr(column, wanted) > 0
    return func.position(wanted.op("IN")(column)) > 0


def _clues(places: Iterable[Address]) -> set[bytes]:
    return {clue for place in places for clue in _written(place)}


def _written(place: Address) -> Iterator[bytes]:
    """How an address stands in what WhatsApp sends."""
    if place.kind in NUMBER_KINDS:
        for form in (place.value, place.match_key):
            yield form.encode() if len(form) >= FEWEST_DIGITS else json.dumps(form).encode()
    else:
        yield json.dumps(place.value, ensure_ascii=False).encode()
        yield json.dumps(place.value).encode()
