"""Giving a person their own data: a page to print, or JSON. Each time is noted as a disclosure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Response, abort, render_template, request, stream_with_context

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.consent import disclosures
from webapp.customers import access_request
from webapp.customers.access_request import Fact
from webapp.customers.blueprint import bp, customer_or_404
from webapp.customers.models import Customer
from webapp.customers.rows import Reader, row_of
from webapp.database import compact_json, reading
from webapp.extensions import db
from webapp.formatting import instant

KINDS = {"page": "access request, page", "json": "access request, JSON"}
CODED = {
    "channel", "consent", "decision", "effect", "kind", "learned_from", "read_as", "reason", "source",
    "state", "what",
}  # fmt: skip
"""Facts whose values are names of the program, such as `opted_in`."""
TIMES = ("_at", "_since")
EMPTY: tuple[Any, ...] = (None, "", [], {})
TITLES = {
    "records": "Who you are to us",
    "identities": "Numbers and IDs",
    "consent_history": "Your consent",
    "reviews": "Messages that a person read",
    "sending_decisions": "Asked whether a message may go",
    "messages_to_you": "Messages to you",
    "segments": "Groups you are in",
    "messages_from_you": "Messages from you",
}


@bp.post("/customers/<int:customer_id>/access")
@requires(Role.MANAGER)
def give_access(customer_id: int) -> Response | str:
    customer = customer_or_404(customer_id)
    kind = KINDS.get(request.form.get("as", "")) or abort(422)
    now, actor = clock.now(), current_actor()
    disclosures.note(kind, customer_id=customer.id, actor=actor, now=now)
    db.session.commit()
    if request.form["as"] == "json":
        return _attachment(customer.id)
    sections = [
        (TITLES.get(name, name), [list(_pairs(fact)) for fact in facts])
        for name, facts in access_request.everything(customer)
    ]
    row = row_of(customer.id, Reader(actor, masked=False))
    return render_template("customers/access.html", row=row, sections=sections, made_at=now)


def _pairs(fact: Fact) -> Iterator[tuple[str, str]]:
    """A fact for people; what is empty is left out."""
    for key, value in fact.items():
        if key == "evidence" and value is not None:
            yield from _pairs(value)
        elif key == "attributes":
            yield from ((name, _text(each)) for name, each in value.items() if each not in EMPTY)
        elif value not in EMPTY:
            yield _words(key), _told(key, value)


def _words(name: str) -> str:
    return name[:1].upper() + name[1:].replace("_", " ")


def _told(key: str, value: Any) -> str:
    """What the program keeps as a name or an instant, in words; all else is somebody's own."""
    if key in CODED:
        return _words(value)
    return instant(datetime.fromisoformat(value)) if key.endswith(TIMES) else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else compact_json(value)


def _attachment(customer_id: int) -> Response:
    response = Response(stream_with_context(_pieces(customer_id)), mimetype="application/json")
    response.headers["Content-Disposition"] = f"attachment; filename=customer-{customer_id}.json"
    return response


def _pieces(customer_id: int) -> Iterator[str]:
    """Without the write lock: whoever loads slowly must not keep others from writing."""
    with reading():
        yield from access_request.as_json(db.session.get_one(Customer, customer_id), clock.now())
        db.session.rollback()
