"""Rows of a whole table, with flat memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Row, Select

from webapp.extensions import db

ROWS_AT_ONCE = 2_000


@contextmanager
def stream(query: Select[Any]) -> Iterator[Iterator[Row[Any]]]:
    """The rows, for as long as the block lasts."""
    rows = db.session.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
    try:
        yield iter(rows)
    finally:
        rows.close()
