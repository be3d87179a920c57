"""What came in from a person on WhatsApp, told to that person."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from webapp.customers.access_request import ROWS_AT_ONCE, Fact, moment, told_by
from webapp.extensions import db
from webapp.whatsapp.models import InboundMessage


@told_by("messages_from_you")
def messages(ids: list[int]) -> Iterator[Fact]:
    query = select(InboundMessage).where(InboundMessage.customer_id.in_(ids)).order_by(InboundMessage.id)
    for each in db.session.scalars(query.execution_options(yield_per=ROWS_AT_ONCE)):
        yield {
            "kind": each.kind, "written_at": moment(each.occurred_at),
            "received_at": moment(each.received_at), "read_as": each.decision, "matched": each.matched,
            "message": _content(each.raw),
        }  # fmt: skip


def _content(raw: bytes) -> Any:
    """None when the text was forgotten."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")
