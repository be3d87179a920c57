"""When a message that was not taken is tried again."""

from datetime import timedelta

import pytest

from webapp.endpoints import schedule

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [
        (1, 5), (2, 5 * MINUTE), (3, 30 * MINUTE), (4, 2 * HOUR), (5, 5 * HOUR), (6, 10 * HOUR),
        (7, 14 * HOUR), (8, 20 * HOUR), (9, 24 * HOUR),
    ],
)  # fmt: skip
def test_the_waits_are_those_of_the_specification(tries, seconds):
    assert schedule.wait(tries, 0) == timedelta(seconds=seconds)


def test_the_tenth_attempt_is_the_last():
    assert schedule.wait(10, 0) is None


def test_a_wait_is_never_shorter_and_at_most_a_tenth_longer():
    assert schedule.wait(2, 1) == timedelta(seconds=330)
    assert schedule.wait(2, 0.5) == timedelta(seconds=315)
