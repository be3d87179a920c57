"""Many rows of one table in one statement, past the ORM: COPY on PostgreSQL, executemany on SQLite.

For rows that were looked up and locked before: nothing here decides anything, or reads defaults of columns.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import JSON, Table
from sqlalchemy.engine import Connection

from webapp import database
from webapp.extensions import db

Rows = Sequence[tuple[Any, ...]]
MOST_REMEMBERED = 1024
"""Times that were converted: the rows of one transaction share most of theirs."""


def insert(table: Table, columns: Sequence[str], rows: Rows) -> None:
    """New rows, each with a value for each of these columns."""
    if not rows:
        return
    connection = db.session.connection()
    written = list(_written(connection, table, columns, rows))
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"COPY {table.name} ({names}) FROM STDIN", written)
        return
    marks = ", ".join("?" * len(columns))
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", written)  # noqa: S608 (names of our own columns)


def update(table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Give rows other values in these columns; the first ones are the primary key."""
    if not rows:
        return
    connection = db.session.connection()
    keys = [column.name for column in table.primary_key]
    moved = columns[len(keys) :]
    written = list(_written(connection, table, columns, rows))
    if connection.dialect.name == "postgresql":
        _update_from_copy(connection, table.name, columns, keys, written)
        return
    setting = ", ".join(f"{name} = ?" for name in moved)
    same = " AND ".join(f"{name} = ?" for name in keys)
    turned = [(*row[len(keys) :], *row[: len(keys)]) for row in written]
    connection.exec_driver_sql(f"UPDATE {table.name} SET {setting} WHERE {same}", turned)  # noqa: S608


def _update_from_copy(
    connection: Connection, table: str, columns: Sequence[str], keys: Sequence[str], rows: Rows
) -> None:
    names, part = ", ".join(columns), f"moved_{table}"
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {part} ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0"  # noqa: S608
    )
    _copy(connection, f"COPY {part} ({names}) FROM STDIN", rows)
    setting = ", ".join(f"{name} = {part}.{name}" for name in columns if name not in keys)
    same = " AND ".join(f"{table}.{name} = {part}.{name}" for name in keys)
    connection.exec_driver_sql(f"UPDATE {table} SET {setting} FROM {part} WHERE {same}")  # noqa: S608
    connection.exec_driver_sql(f"DROP TABLE {part}")


def _copy(connection: Connection, statement: str, rows: Rows) -> None:
    with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _written(
    connection: Connection, table: Table, columns: Sequence[str], rows: Rows
) -> Iterable[tuple[Any, ...]]:
    """The rows as the driver takes them."""
    by_column = [_converted(connection, table, name, [row[n] for row in rows])
                 for n, name in enumerate(columns)]  # fmt: skip
    return zip(*by_column, strict=True)


def _converted(connection: Connection, table: Table, name: str, values: list[Any]) -> list[Any]:
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
