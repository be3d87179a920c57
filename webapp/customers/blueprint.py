"""The blueprint of all pages of customers, and who reads them."""

from urllib.parse import parse_qs, urlsplit

from flask import Blueprint, abort
from werkzeug.datastructures import MultiDict

from webapp.accounts.access import may
from webapp.accounts.actors import current_actor
from webapp.accounts.roles import Role
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.customers.rows import Reader
from webapp.extensions import db, htmx

bp = Blueprint("customers", __name__)

TABLES = {"/opt-in": "customers.opt_in", "/customers": "customers.index", "/simulator": "customers.opt_in"}


def reader() -> Reader:
    """Whoever is signed in; numbers are masked for viewers."""
    return Reader(current_actor(), masked=not may(Role.AGENT))


def customer_or_404(customer_id: int) -> Customer:
    """The customer of that id, or who it was merged into: a stop from an old page must not be lost."""
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        abort(404)
    customer = identities.survivor(customer)
    if customer.erased_at:
        abort(404)
    return customer


def table_here() -> str | None:
    """The address of the table that this htmx request was sent from; None when nothing is filtered."""
    address = urlsplit(htmx.current_url or "")._replace(scheme="", netloc="", fragment="").geturl()
    return address if "?" in address else None


def table_behind() -> MultiDict[str, str] | None:
    """The parameters of the table that this htmx request was sent from; None when it came from elsewhere."""
    url = urlsplit(htmx.current_url or "")
    if url.path not in TABLES:
        return None
    parsed = parse_qs(url.query, keep_blank_values=True)
    return MultiDict((name, value) for name, values in parsed.items() for value in values)
