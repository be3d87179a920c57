"""Giving a person their own data: a page to print, or JSON. Each time is noted as a disclosure."""

from collections.abc import Iterator

from flask import Response, abort, render_template, request, stream_with_context

from webapp import clock
from webapp.accounts.access import requires
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.consent import disclosures
from webapp.customers import access_request
from webapp.customers.blueprint import bp, customer_or_404
from webapp.customers.models import Customer
from webapp.customers.rows import Reader, row_of
from webapp.database import reading
from webapp.extensions import db

KINDS = {"page": "access request, page", "json": "access request, JSON"}
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
    sections = [(TITLES.get(name, name), list(facts)) for name, facts in access_request.everything(customer)]
    row = row_of(customer.id, Reader(actor, masked=False))
    return render_template("customers/access.html", row=row, sections=sections, made_at=now)


def _attachment(customer_id: int) -> Response:
    response = Response(stream_with_context(_pieces(customer_id)), mimetype="application/json")
    response.headers["Content-Disposition"] = f"attachment; filename=customer-{customer_id}.json"
    return response


def _pieces(customer_id: int) -> Iterator[str]:
    """Without the write lock: whoever loads slowly must not keep others from writing."""
    with reading():
        yield from access_request.as_json(db.session.get_one(Customer, customer_id), clock.now())
        db.session.rollback()
