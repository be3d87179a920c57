"""Customers: lists, one of them, and PUT, which creates or updates by identity and never touches consent."""

from flask import Response, abort, jsonify, request, url_for
from sqlalchemy import select

from webapp import budget
from webapp.accounts.roles import Role
from webapp.api import bodies, filters, pagination, profiles, shapes
from webapp.api.auth import bearer
from webapp.api.blueprint import bp
from webapp.api.problems import Problem
from webapp.budget import OverBudget
from webapp.clock import now
from webapp.customers import identities
from webapp.customers.identities import IdentityTaken
from webapp.customers.models import Customer
from webapp.extensions import db

TOO_SLOW = (
    f"This filter takes longer than {budget.SECONDS:.0f} s. Narrow it: add a tag, a value or a longer word."
)


@bp.get("/customers")
@bearer(Role.VIEWER)
def list_customers() -> Response:
    bodies.only_known(request.args, (*filters.PARAMETERS, *pagination.PARAMETERS))
    part = pagination.wanted()
    try:
        with budget.within():
            customers = _in_order(list(db.session.scalars(filters.customer_ids(part))))
    except OverBudget:
        raise Problem(422, TOO_SLOW) from None
    return jsonify(pagination.answer(customers, part, lambda customer: customer.id, shapes.customer))


@bp.get("/customers/<customer_id>")
@bearer(Role.VIEWER)
def show_customer(customer_id: str) -> Response:
    return jsonify(shapes.customer(present(customer_id)))


@bp.put("/customers")
@bearer(Role.AGENT)
def put_customer() -> tuple[Response, int, dict[str, str]]:
    profile = profiles.read(bodies.json_object(profiles.FIELDS))
    try:
        customer, created = profiles.put(profile, now())
    except IdentityTaken as fault:
        raise Problem(409, str(fault)) from None
    db.session.commit()
    headers = {"Location": url_for(".show_customer", customer_id=customer.id)} if created else {}
    return jsonify(shapes.customer(customer)), 201 if created else 200, headers


def present(customer_id: str) -> Customer:
    """The customer whose id stands in the address, or who it was merged into; 404 for anything else."""
    number = pagination.whole_number(customer_id, pagination.LARGEST_ID) or abort(404)
    customer = db.session.get(Customer, number) or abort(404)
    customer = identities.survivor(customer)
    return abort(404) if customer.erased_at else customer


def _in_order(ids: list[int]) -> list[Customer]:
    found = {
        customer.id: customer for customer in db.session.scalars(select(Customer).where(Customer.id.in_(ids)))
    }
    return [found[id] for id in ids if id in found]
