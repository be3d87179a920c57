"""A table of rows in one test fails for each row that fails, and says which."""

import inspect

import pytest

from tests.rows import every


@every(("given", "wanted"), [(1, 1), pytest.param(2, 3, id="the odd one"), (4, 5)])
def table(request, given, wanted):
    assert request
    assert given == wanted


def test_each_row_that_fails_is_named_and_none_hides_another():
    with pytest.raises(AssertionError) as told:
        table(request="fixture")
    lines = str(told.value).split("\n[")
    assert [line.strip("[").split("]")[0] for line in lines] == ["the odd one", "4, 5"]


def test_pytest_hands_it_the_fixtures_only():
    assert list(inspect.signature(table).parameters) == ["request"]


def test_any_failure_of_a_row_counts():
    failures = [ValueError("wrong"), pytest.fail.Exception("did not raise")]

    @every("failure", failures, ids=["error", "missing"])
    def fails(failure):
        raise failure

    with pytest.raises(AssertionError, match=r"\[error\] ValueError: wrong\n\[missing\] Failed: did not"):
        fails()


def test_rows_of_rows_are_all_met():
    met = []

    @every("first", "ab", ids=str)
    @every("second", [1, 2])
    def pairs(first, second):
        met.append((first, second))

    pairs()
    assert met == [("a", 1), ("a", 2), ("b", 1), ("b", 2)]


def test_a_table_without_rows_is_refused():
    with pytest.raises(AssertionError, match="tests nothing"):
        every("row", [])
