"""The verdicts of the table of goals."""

import pytest

from bench.results import MET, MISSED, NOT_MEASURED, Measured


@pytest.mark.parametrize(
    ("value", "at_least", "verdict"),
    [
        (1.4, False, MET),
        (1.5, False, MET),
        (1.51, False, MISSED),
        (1.4, True, MISSED),
        (1.5, True, MET),
        (None, False, NOT_MEASURED),
        (None, True, NOT_MEASURED),
        (0.0, True, MISSED),
    ],
)
def test_a_goal_is_met_only_by_what_was_measured(value, at_least, verdict):
    assert Measured("first page", "SQLite", value, 1.5, "× floor", at_least=at_least).verdict == verdict
