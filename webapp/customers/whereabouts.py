"""At which addresses a person still is: WhatsApp tells when somebody moved from one to another.

The ones that were left stay theirs, for a stop covers them all; but the number may be a stranger's by now.
"""

from collections.abc import Iterable
from datetime import datetime

from webapp.customers.addresses import Address
from webapp.customers.models import Customer, Identity
from webapp.customers.search import NUMBER_KINDS


def move(customer: Customer, old: Iterable[Address], new: Iterable[Address], at: datetime) -> None:
    """The person went `at` this time from the old addresses to the new ones, if those are the customer's.

    What later news said stays. When the new ones were left since, and nothing else of their sort is in use,
    the person is back at the old ones.
    """
    here = _among(customer, new)
    gone = [each for each in _among(customer, old) if each not in here] if here else []
    for each in here:
        each.left_at = None if each.left_at and each.left_at <= at else each.left_at
    elsewhere = {_sort(each) for each in customer.identities if each.left_at is None and each not in gone}
    late = any(each.left_at for each in here)
    for each in gone:
        if not late or _sort(each) in elsewhere:
            each.left_at = max(each.left_at or at, at)


def share(customer: Customer) -> None:
    """A number that was left is left in every writing, also in one that came to be known later."""
    numbers = [each for each in customer.identities if each.kind in NUMBER_KINDS]
    left = {each.match_key: each.left_at for each in numbers if each.left_at}
    for each in numbers:
        each.left_at = each.left_at or left.get(each.match_key)


def _among(customer: Customer, places: Iterable[Address]) -> list[Identity]:
    """The customer's identities that are these addresses, or a number of them in another writing."""
    wanted = {(_sort(place), place.match_key) for place in places}
    return [each for each in customer.identities if (_sort(each), each.match_key) in wanted]


def _sort(place: Address | Identity) -> str:
    return "number" if place.kind in NUMBER_KINDS else place.kind
