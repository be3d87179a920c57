"""Which addresses somebody has left, where the text of two addresses or the times of two notices differ."""

import pytest

from tests.factories import at
from webapp.customers import whereabouts
from webapp.customers.addresses import Address
from webapp.customers.models import Customer, Identity, IdentityKind

PHONE, WA_ID, USER_ID = IdentityKind.PHONE, IdentityKind.WA_ID, IdentityKind.USER_ID
A, B = "12025550107", "12025550188"


def ana(*addresses) -> Customer:
    """With these addresses: kind, match key, and after how many seconds each was left."""
    return Customer(
        name="Ana",
        identities=[
            Identity(kind=kind, value=key, match_key=key, left_at=None if left is None else at(left))
            for kind, key, left in addresses
        ],
    )


def left(customer: Customer) -> list[float | None]:
    return [each.left_at and (each.left_at - at(0)).total_seconds() for each in customer.identities]


def moved(customer: Customer, old: tuple, new: tuple, after: int) -> list[float | None]:
    gone, here = ([Address(kind, key, key) for kind, key in each] for each in (old, new))
    whereabouts.move(customer, gone, here, at(after))
    return left(customer)


@pytest.mark.parametrize("order", [1, -1])
def test_every_writing_of_a_number_is_left_once_one_is(order):
    known = [(WA_ID, A, 5), (PHONE, A, None)][::order]
    someone = ana(*known, (WA_ID, B, None))
    whereabouts.share(someone)
    assert left(someone) == [5, 5, None]


def test_but_no_id_that_reads_like_it_and_each_keeps_its_own_time():
    someone = ana((WA_ID, A, 5), (PHONE, A, 9), (USER_ID, A, None))
    whereabouts.share(someone)
    assert left(someone) == [5, 9, None]


def test_who_moved_from_a_number_is_still_at_the_id_that_reads_like_it():
    someone = ana((WA_ID, A, None), (USER_ID, A, None), (WA_ID, B, None))
    assert moved(someone, ((WA_ID, A),), ((WA_ID, B),), 7) == [7, None, None]


def test_who_is_back_at_the_old_number_stays_there_though_older_news_also_tell_of_a_new_id():
    someone = ana((WA_ID, A, None), (WA_ID, B, 9), (USER_ID, "US.2", None))
    assert moved(someone, ((WA_ID, A),), ((WA_ID, B), (USER_ID, "US.2")), 5) == [None, 9, None]


def test_of_an_address_in_both_nobody_went_away():
    someone = ana((WA_ID, A, None), (USER_ID, "US.1", None), (USER_ID, "US.2", None))
    both = (WA_ID, A), (USER_ID, "US.1")
    assert moved(someone, both, ((WA_ID, A), (USER_ID, "US.2")), 5) == [None, 5, None]
