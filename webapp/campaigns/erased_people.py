"""What campaigns keep of a customer who is erased: that something was sent and what the gate saw, by the id
of the empty record; no id of a message, no words."""

from flask import Flask
from sqlalchemy import ColumnElement, bindparam, delete, select, update

from webapp import tasks
from webapp.campaigns.models import Delivery, IdempotencyKey, SegmentMember
from webapp.customers import erasing
from webapp.customers.erasing import VEILED, Erasure, Gone, veiled
from webapp.extensions import db


@erasing.erased_by
def erase(gone: Gone) -> None:
    theirs = Delivery.customer_id.in_(gone.ids)
    db.session.execute(delete(SegmentMember).where(SegmentMember.customer_id.in_(gone.ids)))
    db.session.execute(update(Delivery).where(theirs, Delivery.settled_why != "").values(settled_why=""))
    answers = IdempotencyKey.answer["customer_id"].as_integer()
    db.session.execute(delete(IdempotencyKey).where(answers.in_(gone.ids)))
    _veil(theirs)


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
