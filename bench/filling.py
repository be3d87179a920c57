"""Rows into the tables of an empty desk at once: indexes and triggers are made when all rows are there."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, insert, select

from webapp import database
from webapp.moving import target
from webapp.tables import METADATA

Rows = Mapping[str, Sequence[tuple[Any, ...]]]
FAST = ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000", "temp_store=MEMORY")
SAFE = ("journal_mode=WAL",)
BARE = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"


class Filling:
    """Writes rows with the columns that were told of each table."""

    def __init__(self, connection: Connection, columns: Mapping[str, Sequence[str]]) -> None:
        self._connection, self._columns = connection, columns

    def write(self, rows: Rows) -> None:
        for table, some in rows.items():
            if some:
                self._write(table, self._columns[table], some)

    def _write(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        names = ", ".join(columns)
        if self._connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(columns))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 (names of our own)
            self._connection.exec_driver_sql(statement, list(rows))
            return
        driver = self._connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def filling(url: str, columns: Mapping[str, Sequence[str]]) -> Iterator[Filling]:
    """One transaction on a migrated desk without customers; its times are in UTC."""
    opened = _sqlite(url) if database.is_sqlite(url) else _postgresql(url)
    with opened as connection:
        yield Filling(connection, columns)


@contextmanager
def _sqlite(url: str) -> Iterator[Connection]:
    engine = database.open_engine(url)
    with engine.connect() as connection:
        _set(connection, FAST)
        with connection.begin():
            bare = connection.exec_driver_sql(BARE).all()
            for type, name, _ in bare:
                connection.exec_driver_sql(f"DROP {type} {name}")
            yield connection
            connection.exec_driver_sql("INSERT INTO customer_search (customer_search) VALUES ('rebuild')")
            for _, _, definition in bare:
                connection.exec_driver_sql(definition)
        _set(connection, SAFE)
    engine.dispose()


def _set(connection: Connection, pragmas: Sequence[str]) -> None:
    for pragma in pragmas:
        connection.connection.driver_connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _postgresql(url: str) -> Iterator[Connection]:
    engine = database.open_engine(url)
    with engine.connect() as connection:
        tables = [METADATA.tables[name] for name in target.WRITTEN_BY_MIGRATIONS]
        kept = [(table, connection.execute(select(table)).mappings().all()) for table in tables]
    with target.filling(url, METADATA) as connection:
        for table, rows in kept:
            connection.execute(insert(table), [dict(row) for row in rows])
        yield connection
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()
