"""Many rows of one table in one statement, past the ORM: COPY on PostgreSQL, lists of values on SQLite.

For rows that were looked up and locked before: nothing here decides anything, or reads defaults of columns.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import JSON, Table
from sqlalchemy.engine import Connection

from webapp import database
from webapp.extensions import db

Rows = Sequence[tuple[Any, ...]]
MOST_REMEMBERED = 1024
"""Times that were converted: the rows of one transaction share most of theirs."""
ROWS_AT_ONCE = 100
"""Of one statement on SQLite. Its search index goes to the disk with each statement, however few its rows."""


def insert(table: Table, columns: Sequence[str], rows: Rows) -> None:
    """New rows, each with a value for each of these columns."""
    if not rows:
        return
    connection = db.session.connection()
    by_column = {name: values for name, values in _written(connection, table, columns, rows).items()
                 if any(value is not None for value in values)}  # fmt: skip
    names, written = ", ".join(by_column), list(zip(*by_column.values(), strict=True))
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", written)
        return
    _execute_many(connection, f"INSERT INTO {table.name} ({names}) {{values}}", written)


def update(table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Give rows other values in these columns; the first ones are the primary key."""
    if not rows:
        return
    connection = db.session.connection()
    written = list(zip(*_written(connection, table, columns, rows).values(), strict=True))
    keys = [column.name for column in table.primary_key]
    setting = ", ".join(f"{name} = given.{name}" for name in columns if name not in keys)
    same = " AND ".join(f"{table.name}.{name} = given.{name}" for name in keys)
    names, change = ", ".join(columns), f"UPDATE {table.name} SET {setting} FROM given WHERE {same}"  # noqa: S608
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            f"CREATE TEMPORARY TABLE given ON COMMIT DROP AS SELECT {names} FROM {table.name} LIMIT 0"  # noqa: S608
        )
        _copy(connection, f"COPY given ({names}) FROM STDIN", written)
        connection.exec_driver_sql(change)
        connection.exec_driver_sql("DROP TABLE given")
        return
    _execute_many(connection, f"WITH given ({names}) AS ({{values}}) {change}", written)


def _copy(connection: Connection, statement: str, rows: Rows) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _execute_many(connection: Connection, statement: str, rows: Rows) -> None:
    """Execute it with `{values}` for many rows at once, as often as it takes: all the same but the last."""
    whole = len(rows) - len(rows) % ROWS_AT_ONCE
    for some, at_once in ((rows[:whole], ROWS_AT_ONCE), (rows[whole:], len(rows) - whole)):
        if some:
            marks = f"({', '.join('?' * len(rows[0]))})"
            values = f"VALUES {', '.join([marks] * at_once)}"
            lists = [tuple(chain.from_iterable(some[first : first + at_once]))
                     for first in range(0, len(some), at_once)]  # fmt: skip
            connection.exec_driver_sql(statement.format(values=values), lists)


def _written(
    connection: Connection, table: Table, columns: Sequence[str], rows: Rows
) -> dict[str, Sequence[Any]]:
    """The values of each column as the driver takes them."""
    by_column = zip(columns, zip(*rows, strict=True), strict=True)
    return {name: _converted(connection, table, name, values) for name, values in by_column}


def _converted(connection: Connection, table: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
    process: Callable[[Any], Any] | None = (
        table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    )
    if process is None:
        return values
    if isinstance(table.c[name].type, JSON):
        return list(map(process, values))
    return list(map(lru_cache(MOST_REMEMBERED)(process), values))


class Numbers:
    """Numbers for new rows that are written later in the same transaction; so many are drawn at once."""

    def __init__(self, id: Any, at_once: int) -> None:
        self._id, self._at_once = id, at_once
        self._drawn: list[int] = []
        self._last = 0

    def __next__(self) -> int:
        if not self._drawn:
            drawn = database.numbers(db.session, self._id, self._at_once)
            behind = max(self._last + 1 - drawn[0], 0)  # SQLite gives the same again until they are written
            self._drawn = [number + behind for number in reversed(drawn)]
            self._last = self._drawn[0]
        return self._drawn.pop()
