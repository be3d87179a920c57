"""Many rows of one table in one statement, past the ORM: COPY on PostgreSQL, lists of values on SQLite.

For rows that were looked up and locked before: nothing here decides anything, or reads defaults of columns.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Column,
    ColumnElement,
    FromClause,
    LargeBinary,
    Table,
    any_,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.types import TypeEngine

from webapp import database
from webapp.extensions import db

_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")
Rows = Sequence[tuple[Any, ...]]
MOST_REMEMBERED = 1024
"""Times that were converted: the rows of one transaction share most of theirs."""
ROWS_AT_ONCE = 500
"""Of one statement on SQLite, whose search index is written with each statement, however few its rows are.
The widest has a third of the values that SQLite takes in one."""


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """The test that a column holds one of these values, which are one parameter, however many they are."""
    given = list(values)
    if db.session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(given, ARRAY(column.type)))
    rows = func.json_each(database.compact_json(given)).table_valued("value")
    return column.in_(select(rows.c.value))


def listed(**columns: tuple[Any, Sequence[Any]]) -> FromClause:
    """A table of these rows for other tables to join. Each column by its name: its type, and its value in
    each row; there is one parameter for a column at most, however many the rows are."""
    if db.session.get_bind().dialect.name == "postgresql":
        arrays = [literal(list(values), ARRAY(type)) for type, values in columns.values()]
        named = [Column(name, type) for name, (type, _) in columns.items()]
        return func.unnest(*arrays).table_valued(*named, name="listed").render_derived()
    return _from_json(columns)


def _from_json(columns: Mapping[str, tuple[Any, Sequence[Any]]]) -> FromClause:
    dialect = db.session.get_bind().dialect
    written = [list(_bound(type, dialect, values)) for type, values in columns.values()]
    rows = func.json_each(database.compact_json(list(zip(*written, strict=True)))).table_valued("value")
    parts = [
        type_coerce(func.json_extract(rows.c.value, f"$[{place}]"), type).label(name)
        for place, (name, (type, _)) in enumerate(columns.items())
    ]
    return select(*parts).subquery("listed")


def insert(table: Table, columns: Sequence[str], rows: Rows) -> None:
    """New rows, each with a value for each of these columns."""
    if not rows:
        return
    connection = db.session.connection()
    filled = {name: values for name, values in _by_column(columns, rows).items()
              if values[0] is not None or values.count(None) < len(values)}  # fmt: skip
    by_column = _written(connection, table, filled)
    names = ", ".join(by_column)
    if connection.dialect.name == "postgresql":
        _copy(connection, f"{table.name} ({names})", by_column.values())
        return
    _insert_lists(connection, f"{table.name} ({names})", list(by_column.values()))


def update(table: Table, columns: Sequence[str], rows: Rows) -> None:
    """Give rows other values in these columns; the first ones are the primary key.

    One by one on SQLite: its search index (FTS5 of 3.53, `detail=none` with `secure-delete`) loses rows when
    one statement takes several out of it and puts them in again.
    """
    if not rows:
        return
    connection = db.session.connection()
    keys = [column.name for column in table.primary_key]
    by_column = _written(connection, table, _by_column(columns, rows))
    if connection.dialect.name == "postgresql":
        _update_from_copy(connection, table.name, keys, by_column)
        return
    moved = [name for name in columns if name not in keys]
    setting = ", ".join(f"{name} = ?" for name in moved)
    same = " AND ".join(f"{name} = ?" for name in keys)
    turned = list(zip(*(by_column[name] for name in (*moved, *keys)), strict=True))
    connection.exec_driver_sql(f"UPDATE {table.name} SET {setting} WHERE {same}", turned)  # noqa: S608


def _update_from_copy(
    connection: Connection, table: str, keys: Sequence[str], by_column: dict[str, Sequence[Any]]
) -> None:
    names, part = ", ".join(by_column), f"moved_{table}"
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {part} ON COMMIT DROP AS SELECT {names} FROM {table} LIMIT 0"  # noqa: S608
    )
    _copy(connection, f"{part} ({names})", by_column.values())
    setting = ", ".join(f"{name} = {part}.{name}" for name in by_column if name not in keys)
    same = " AND ".join(f"{table}.{name} = {part}.{name}" for name in keys)
    connection.exec_driver_sql(f"UPDATE {table} SET {setting} FROM {part} WHERE {same}")  # noqa: S608
    connection.exec_driver_sql(f"DROP TABLE {part}")


def _copy(connection: Connection, into: str, columns: Iterable[Sequence[Any]]) -> None:
    """As one text: row by row, the driver takes three times as long to write it."""
    lines = zip(*map(_copied, columns), strict=True)
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        copy.write("".join([f"{line}\n" for line in map("\t".join, lines)]))


def _copied(values: Sequence[Any]) -> Iterable[str]:
    """A column as COPY reads it. In most, all values are alike, plain text, or numbers."""
    if values.count(values[0]) == len(values):
        return [_copied_one(values[0])] * len(values)
    kinds = set(map(type, values))
    if kinds == {str} and not _TO_ESCAPE.search("".join(values)):
        return values
    return map(str if kinds <= {int, float} else _copied_one, values)


def _copied_one(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.translate(_ESCAPED) if _TO_ESCAPE.search(value) else value
    return rf"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


def _insert_lists(connection: Connection, into: str, columns: Sequence[Sequence[Any]]) -> None:
    """So many rows in each statement, all the same but the last."""
    width, rows = len(columns), len(columns[0])
    values = [None] * (width * rows)
    for place, column in enumerate(columns):
        values[place::width] = column
    marks = f"({', '.join('?' * width)})"
    whole = rows - rows % ROWS_AT_ONCE
    for first, last, at_once in ((0, whole, ROWS_AT_ONCE), (whole, rows, rows - whole)):
        if first < last:
            lists = [tuple(values[row * width : (row + at_once) * width])
                     for row in range(first, last, at_once)]  # fmt: skip
            connection.exec_driver_sql(f"INSERT INTO {into} VALUES {', '.join([marks] * at_once)}", lists)  # noqa: S608


def _by_column(columns: Sequence[str], rows: Rows) -> dict[str, Sequence[Any]]:
    return dict(zip(columns, zip(*rows, strict=True), strict=True))


def _written(
    connection: Connection, table: Table, by_column: dict[str, Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    """The values of each column as the driver takes them."""
    return {name: _converted(connection, table, name, values) for name, values in by_column.items()}


def _converted(connection: Connection, table: Table, name: str, values: Sequence[Any]) -> Sequence[Any]:
    type = table.c[name].type
    if isinstance(type, JSON):
        return _as_json(values)
    if isinstance(values[0], StrEnum):  # the driver takes them, too, and slowly
        return [value and str.__str__(value) for value in values]
    if isinstance(type, LargeBinary):
        return values
    return _bound(type, connection.dialect, values)


def _bound(type: TypeEngine[Any], dialect: Dialect, values: Sequence[Any]) -> Sequence[Any]:
    process = type.dialect_impl(dialect).bind_processor(dialect)
    return values if process is None else list(map(lru_cache(MOST_REMEMBERED)(process), values))


def _as_json(values: Sequence[Any]) -> Sequence[str | None]:
    """Rows that share a value, as many do their tags, share its text."""
    texts: dict[int, str | None] = {id(None): None}
    for value in values:
        if id(value) not in texts:
            texts[id(value)] = database.compact_json(value)
    return [texts[id(value)] for value in values]


def numbers(id: Any, at_once: int) -> Iterator[int]:
    """Numbers for new rows that are written later in the same transaction; so many are drawn at once."""
    last = 0
    while True:
        drawn = database.numbers(db.session, id, at_once)
        behind = max(last + 1 - drawn[0], 0)  # SQLite gives the same again until they are written
        for number in drawn:
            last = number + behind
            yield last
