"""What went wrong with an item: whether it is the item's fault, and where."""

import weakref

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from webapp.whatsapp.inbound import faults

CAUSE = Exception("of 12025550107")


@pytest.mark.parametrize(
    ("problem", "gone"),
    [
        (OperationalError("INSERT", {}, CAUSE), True),
        (InterfaceError("INSERT", {}, CAUSE), True),
        (DBAPIError("INSERT", {}, CAUSE, connection_invalidated=True), True),
        (IntegrityError("INSERT", {}, CAUSE), False),
        (ValueError(CAUSE), False),
    ],
)
def test_the_database_is_out_of_reach_when_it_or_the_connection_is_gone(problem, gone):
    assert faults.out_of_reach(problem) is gone


def test_where_it_happened_is_the_innermost_place_and_neither_tells_of_whom():
    def fail():
        raise ValueError(CAUSE)

    def call():
        fail()

    with pytest.raises(ValueError, match="of 12025550107") as raised:
        call()
    line = fail.__code__.co_firstlineno + 1
    assert faults.place(raised.value) == f"ValueError at fail, line {line}"
    assert faults.sentence(raised.value) == "could not be applied: ValueError"


def test_what_failed_is_let_go_of_at_once():
    """The garbage collector may come too late: what a savepoint rolled back must be gone before the next."""

    class Held:
        pass

    def fail():
        held = Held()
        kept.append(weakref.ref(held))
        raise ValueError(held)

    kept = []
    try:
        try:
            fail()
        except ValueError as first:
            first.args = ()
            raise RuntimeError from first
    except RuntimeError as problem:
        assert kept[0]() is not None
        faults.let_go(problem)
        assert kept[0]() is None
