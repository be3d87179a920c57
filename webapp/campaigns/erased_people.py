"""What campaigns keep of a customer who is erased: that something was sent and what the gate saw, by the id
of the empty record; no id of a message, no words, and no search in a segment or an audience that found them
alone."""

from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, bindparam, delete, select, update

from webapp import tasks
from webapp.campaigns.models import Campaign, Delivery, IdempotencyKey, Segment, SegmentKind, SegmentMember
from webapp.customers.erasure import erasing
from webapp.customers.erasure.erasing import VEILED, Erasure, Gone, veiled
from webapp.customers.erasure.searches import NOBODY, found_only_them
from webapp.extensions import db


@erasing.erased_by
def erase(gone: Gone) -> None:
    theirs = Delivery.customer_id.in_(gone.ids)
    db.session.execute(delete(SegmentMember).where(SegmentMember.customer_id.in_(gone.ids)))
    db.session.execute(update(Delivery).where(theirs, Delivery.settled_why != "").values(settled_why=""))
    answers = IdempotencyKey.answer["customer_id"].as_integer()
    db.session.execute(delete(IdempotencyKey).where(answers.in_(gone.ids)))
    _veil(theirs)
    for segment in db.session.scalars(select(Segment).where(Segment.kind == SegmentKind.DYNAMIC)):
        rules = _without_searches(segment.rules, gone)
        if rules != segment.rules:
            segment.rules, segment.version = rules, segment.version + 1
    for campaign in db.session.scalars(select(Campaign)):
        campaign.audience = _without_searches(campaign.audience, gone)


def _without_searches(kept: Any, gone: Gone) -> Any:
    """The JSON of rules or an audience; in its filters and conditions `NOBODY` stands for what found them."""
    match kept:
        case {"field": "search", "value": words} if found_only_them(words, gone):
            return {**kept, "value": NOBODY}
        case {"kind": "filter", "args": {"q": words} as args} if found_only_them(words, gone):
            return {**kept, "args": {**args, "q": NOBODY}}
        case dict():
            return {name: _without_searches(part, gone) for name, part in kept.items()}
        case list():
            return [_without_searches(part, gone) for part in kept]
    return kept


@tasks.each(minute="*/10")
def sweep_message_ids(app: Flask) -> None:
    """The answer to a message that was on the wire comes after its customer was erased."""
    tasks.run(app, lambda _now: _veil(Delivery.customer_id.in_(select(Erasure.customer_id))))


def _veil(which: ColumnElement[bool]) -> None:
    """Put digests in the place of WhatsApp's ids, which carry the number."""
    named = select(Delivery.id, Delivery.wamid).where(
        which, Delivery.wamid.is_not(None), ~Delivery.wamid.startswith(VEILED)
    )
    rows = [{"of": row.id, "as": veiled(row.wamid)} for row in db.session.execute(named.with_for_update())]
    if rows:
        veiling = update(Delivery).where(Delivery.id == bindparam("of")).values(wamid=bindparam("as"))
        db.session.connection().execute(veiling, rows)
