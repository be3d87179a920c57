"""All who may be one person, locked. While somebody waits for a lock, a merge may have moved the addresses to
another customer: a stop that was recorded for the one who is gone would stop nobody."""

from collections.abc import Callable, Iterable

from webapp.consent import ledger
from webapp.customers import identities
from webapp.customers.addresses import Address
from webapp.customers.models import Customer
from webapp.extensions import db


def locked_like(given: Iterable[Address]) -> list[Customer]:
    """`identities.customers_like`, as they are once nobody else can change them."""
    places = list(given)
    return _locked(lambda: identities.customers_like(places))


def locked_alike(customer: Customer) -> list[Customer]:
    """`identities.alike`, as they are once nobody else can change them."""
    return _locked(lambda: identities.alike(customer))


def locked_survivor(customer_id: int) -> Customer:
    """This customer, or who it was merged into."""
    how = {"with_for_update": {"key_share": True}, "populate_existing": True}
    customer = db.session.get_one(Customer, customer_id, **how)
    return locked_survivor(customer.merged_into_id) if customer.merged_into_id else customer


def _locked(find: Callable[[], list[Customer]]) -> list[Customer]:
    """Asked again until nobody came or went while we waited."""
    people: list[Customer] = []
    while (found := find()) != people:
        people = found
        for one in people:
            ledger.lock(one)
    return people
