"""Consent: recording what a customer wants, and the ledger from its first event on."""

from typing import Any

from flask import Response, jsonify, request
from sqlalchemy import Row, select

from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.api import bodies, pagination, shapes, statements
from webapp.api.auth import bearer
from webapp.api.blueprint import bp
from webapp.api.customers import present
from webapp.api.idempotency import committed, once
from webapp.api.pagination import Part
from webapp.api.problems import Problem, unfit
from webapp.clock import now
from webapp.consent.models import ConsentEvent, Evidence
from webapp.consent.rules import EvidenceMissing, OlderThanOptOut, Status
from webapp.customers import consenting, merging
from webapp.customers.models import Customer
from webapp.extensions import db


@bp.post("/customers/<customer_id>/consent")
@bearer(Role.AGENT)
@once
def record_consent(customer_id: str) -> tuple[Response, int]:
    body = bodies.json_object(statements.FIELDS)
    statement = statements.read(body, actor=current_actor(), now=now())
    customer = present(customer_id)
    try:
        event = consenting.record(customer, statement)
    except EvidenceMissing as refusal:
        raise unfit("evidence", str(refusal)) from None
    except OlderThanOptOut as refusal:
        raise _stopped_later(customer, refusal) from None
    answer = shapes.consent_event(event, db.session.get(Evidence, event.id))
    return committed(answer, 201)


def _stopped_later(customer: Customer, refusal: OlderThanOptOut) -> Problem:
    """409 with the opt-out that is not older than the time stated: when, and in which words."""
    words = db.session.scalar(
        select(Evidence.words)
        .join(ConsentEvent)
        .where(
            ConsentEvent.customer_id == customer.id,
            ConsentEvent.status == Status.OPTED_OUT,
            ConsentEvent.occurred_at == refusal.opt_out_at,
        )
        .limit(1)
    )
    return Problem(
        409, str(refusal), opt_out_at=shapes.instant(refusal.opt_out_at), opt_out_words=words or ""
    )


@bp.get("/consent-events")
@bearer(Role.VIEWER)
def list_consent_events() -> Response:
    bodies.only_known(request.args, ("customer_id", *pagination.PARAMETERS))
    part = pagination.wanted()
    rows = _events(part, _customer_id())
    return jsonify(
        pagination.answer(rows, part, lambda row: row[0].id, lambda row: shapes.consent_event(*row))
    )


def _customer_id() -> int | None:
    raw = request.args.get("customer_id", "")
    number = pagination.whole_number(raw, pagination.LARGEST_ID)
    if raw and number is None:
        raise unfit("customer_id", "This is no id of a customer.")
    return number


def _events(part: Part, customer_id: int | None) -> list[Row[Any]]:
    """The events of one part and one more, oldest first."""
    query = select(ConsentEvent, Evidence).outerjoin(Evidence, Evidence.event_id == ConsentEvent.id)
    if customer_id is not None:
        query = query.where(ConsentEvent.customer_id.in_(merging.merged_ids(customer_id)))
    query = query.where(ConsentEvent.id > (part.after or 0)).order_by(ConsentEvent.id).limit(part.limit + 1)
    return list(db.session.execute(query))
