"""Rows of a whole table, with flat memory."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row, Select

from webapp.extensions import db

ROWS_AT_ONCE = 2_000


def stream(query: Select[Any]) -> Iterator[Row[Any]]:
    yield from db.session.execute(query.execution_options(yield_per=ROWS_AT_ONCE))
