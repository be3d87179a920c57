"""A time that the reading for a page may take: a filter of somebody's must not keep the desk busy.

Nothing that writes has a budget: a webhook is never given up.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, func
from sqlalchemy.exc import OperationalError

from webapp.extensions import db

SECONDS = 3.0
STEPS = 10_000
"""So many steps of its machine SQLite takes between two looks at the clock."""
CANCELLED = "57014"
"""PostgreSQL's code for a statement that was stopped, by its timeout too."""


class OverBudget(Exception):
    """The reading took too long and was stopped; the transaction is over."""


@contextmanager
def within(seconds: float | None = None, *, told: bool = False) -> Iterator[None]:
    """What is read inside takes no longer. Raises OverBudget.

    PostgreSQL has to be told of it by a statement; `told` says that the first one inside has the `column`.
    """
    seconds = SECONDS if seconds is None else seconds
    driver = db.session.connection().connection.driver_connection
    sqlite = db.engine.dialect.name == "sqlite"
    if sqlite:
        end = time.monotonic() + seconds
        driver.set_progress_handler(lambda: time.monotonic() > end, STEPS)
    elif not told:
        db.session.execute(db.select(column(seconds)))
    try:
        yield
    except OperationalError as fault:
        if not _was_stopped(fault.orig):
            raise
        db.session.rollback()
        raise OverBudget from fault
    finally:
        if sqlite:
            driver.set_progress_handler(None, 0)


def column(seconds: float | None = None) -> ColumnElement[Any]:
    """Tells PostgreSQL of the budget for the rest of the transaction, as one column of another statement."""
    milliseconds = round((SECONDS if seconds is None else seconds) * 1000)
    return func.set_config("statement_timeout", str(max(milliseconds, 1)), True)


def _was_stopped(fault: Any) -> bool:
    return getattr(fault, "sqlstate", None) == CANCELLED or "interrupted" in str(fault)
