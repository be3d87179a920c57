"""Rows from one database to the other, as they are stored, and back again to compare them."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import psycopg
from sqlalchemy import JSON, Boolean, Connection, DateTime, MetaData, String, Table

from webapp.database import UtcDateTime
from webapp.moving import source
from webapp.moving.refusals import CannotMove
from webapp.moving.target import first_line

AT_ONCE = 5_000


def copy(here: Any, there: Connection, metadata: MetaData) -> Iterator[tuple[str, int]]:
    """Copy all tables; yields the name and the number of rows of each when it is done. Raises CannotMove."""
    for table in metadata.sorted_tables:
        yield table.name, _copy(here, _driver(there), table)


def _copy(here: Any, there: Any, table: Table) -> int:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    row, copied = None, 0
    try:
        with there.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as pipe:
            for row in source.rows(here, table):
                pipe.write_row(row)
                copied += 1
    except psycopg.Error as problem:
        why = first_line(problem)
        raise CannotMove(f"PostgreSQL cannot hold a row of {table.name}{_where(table, row)}: {why}") from None
    except source.BROKEN as problem:
        raise CannotMove(f"SQLite cannot read {table.name}{_where(table, row)}: {problem}") from None
    return copied


def _where(table: Table, row: tuple[Any, ...] | None) -> str:
    """The last row that was on its way, by its key: it is at fault, or some row before it."""
    if row is None:
        return ""
    keys = {
        column.name: value for column, value in zip(table.columns, row, strict=True) if column.primary_key
    }
    return f" (at {', '.join(f'{name} {value}' for name, value in keys.items())})"


def compare(here: Any, there: Connection, metadata: MetaData) -> None:
    """Read every row of both back and require that they are the same. Raises CannotMove."""
    for table in metadata.sorted_tables:
        for ours, theirs in zip_longest(source.rows(here, table), _rows(_driver(there), table)):
            if ours != theirs:
                where = _where(table, ours or theirs)
                raise CannotMove(f"The copy of {table.name} differs from the original{where}.")


def _rows(there: Any, table: Table) -> Iterator[tuple[Any, ...]]:
    """All rows in the form in which SQLite stores them, in the order of their bytes."""
    columns = ", ".join(map(_as_in_sqlite, table.columns))
    order = ", ".join(map(_in_bytes, table.primary_key))
    with there.cursor(name="moved") as cursor:
        cursor.itersize = AT_ONCE
        query = f'SELECT {columns} FROM "{table.name}" ORDER BY {order}'  # noqa: S608 our own names
        yield from cursor.execute(query)


def _as_in_sqlite(column: Any) -> str:
    name = f'"{column.name}"'
    if isinstance(column.type, UtcDateTime | DateTime):
        return f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    if isinstance(column.type, Boolean):
        return f"{name}::int"
    return f"{name}::text" if isinstance(column.type, JSON) else name


def _in_bytes(column: Any) -> str:
    return f'"{column.name}" COLLATE "C"' if isinstance(column.type, String) else f'"{column.name}"'


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
