"""Dead letters in words: what kind of item it is, why it could not be applied, whether it can be again."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.actors import actor_names
from webapp.customers.models import Customer
from webapp.extensions import db
from webapp.whatsapp.inbound import dead_letters
from webapp.whatsapp.models import InboundMessage

ON_A_PAGE = 20
BODY = "body"
KINDS = {
    "text": "A text message", "button": "A tap on a template’s button", "button_reply": "A tap on a button",
    "list_reply": "A choice from a list", "nfm_reply": "A filled form", "image": "A picture",
    "video": "A video", "document": "A document", "audio": "A sound", "voice": "A voice message",
    "sticker": "A sticker", "reaction": "A reaction", "edit": "An edited message", "revoke": "A deletion",
    "location": "A place", "contacts": "A contact card", "order": "An order",
    "status": "News of a message that was sent",
    "user_preferences": "WhatsApp’s own stop or resume", "user_changed_number": "A change of number",
    "user_changed_user_id": "A change of id", "notice": "A notice about the account or a template",
    BODY: "A delivery that is no JSON", "unread": "A piece in an unknown form",
}  # fmt: skip
APPLYING = "could not be applied: "


@dataclass(frozen=True)
class Letter:
    """`complete` says whether all that is needed to read it again was kept with it."""

    id: int
    what: str
    why: str
    field: str
    since: datetime
    customer_id: int | None
    customer: str
    held: bool
    tried_at: datetime | None
    tried_by: str
    can_be_tried: bool
    complete: bool
    aside_at: datetime | None
    aside_by: str
    aside_note: str


def page(before: int | None, *, aside: bool = False) -> tuple[list[Letter], int | None]:
    """The newest ones that are open, or those put `aside`, or those before this id; and the id from which
    the next page goes on, if any."""
    wanted = dead_letters.is_aside() if aside else dead_letters.is_open()
    query = select(InboundMessage).where(wanted).order_by(InboundMessage.id.desc())
    if before is not None:
        query = query.where(InboundMessage.id < before)
    found = list(db.session.scalars(query.limit(ON_A_PAGE + 1)))
    shown = found[:ON_A_PAGE]
    names = actor_names(who or "system" for message in shown for who in (message.tried_by, message.aside_by))
    letters = [_letter(message, names) for message in shown]
    return letters, shown[-1].id if len(found) > ON_A_PAGE else None


def letter(message: InboundMessage) -> Letter:
    return _letter(message, actor_names([message.tried_by or "system", message.aside_by or "system"]))


def any_aside() -> bool:
    """Whether somebody put one aside."""
    return bool(db.session.scalar(select(select(InboundMessage.id).where(dead_letters.is_aside()).exists())))


def pretty(message: InboundMessage) -> str:
    """The stored piece for people; what is no JSON as the text that it seems to be."""
    try:
        return json.dumps(json.loads(message.raw), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return message.raw.decode("utf-8", "replace")


def _letter(message: InboundMessage, names: dict[str, str]) -> Letter:
    customer = db.session.get(Customer, message.customer_id) if message.customer_id else None
    return Letter(
        id=message.id,
        what=KINDS.get(message.kind, f"A message of the kind “{message.kind}”"),
        why=_why(message.failure or ""),
        field=message.field,
        since=message.received_at,
        customer_id=message.customer_id,
        customer=customer.label if customer else "",
        held=bool(customer and customer.held_at),
        tried_at=message.tried_at,
        tried_by=names[message.tried_by or "system"],
        can_be_tried=message.kind != BODY,
        complete=message.around is not None,
        aside_at=message.aside_at,
        aside_by=names[message.aside_by or "system"],
        aside_note=message.aside_note,
    )


def _why(failure: str) -> str:
    if failure.startswith(APPLYING):
        return f"Heed failed while applying it ({failure.removeprefix(APPLYING)}). The log says where."
    return f"WhatsApp’s form was not understood: {failure}."
