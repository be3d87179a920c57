"""A bucket of rate tokens, over time and over clocks that go back."""

import pytest

from tests.factories import at
from webapp.campaigns.sending.pacing import Bucket


def test_a_bucket_fills_with_time_and_holds_no_more_than_a_moments_worth():
    bucket = Bucket(10, 0.0, at(0))
    assert bucket.filled(at(0.1)).whole == 1
    assert bucket.filled(at(60)).whole == 2
    assert bucket.seconds_to_next == pytest.approx(0.1)
    assert Bucket(0.5, 0.0, at(0)).filled(at(2)).whole == 1


def test_a_clock_that_went_back_adds_nothing_until_it_is_where_it_was():
    bucket = Bucket(10, 0.5, at(0))
    assert bucket.filled(at(-60)) == bucket.filled(at(-0.1)) == bucket


@pytest.mark.parametrize(("left", "kept"), [(0.5, 0.5), (50.0, 2.0)])
def test_a_clock_that_went_back_for_longer_begins_anew_with_what_is_left(left, kept):
    assert Bucket(10, left, at(0)).filled(at(-60.000001)) == Bucket(10, kept, at(-60.000001))
