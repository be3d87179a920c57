"""The PostgreSQL database that a desk moves to: empty before, and afterwards the desk or empty still."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, MetaData, delete, func, literal, select, text
from sqlalchemy.exc import DBAPIError

from webapp import database
from webapp.moving.refusals import CannotMove

WRITTEN_BY_MIGRATIONS = ("access_rules", "outbox", "policy", "sending", "webhook_watch")
"""Their one row is there from the start and makes room for the desk's own."""
OLDEST = 13
FOREIGN_KEYS = text("""
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
    WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
    AND conrelid::regclass::text = ANY(:tables)
    ORDER BY conrelid, conname""")
INDEXES = text("""
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    JOIN pg_class ON pg_class.oid = indrelid
    WHERE relnamespace = current_schema()::regnamespace AND indrelid::regclass::text = ANY(:tables)
    AND indpred IS NULL
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indexrelid""")
"""Partial ones stay as they are: PostgreSQL would write their conditions in another form."""

SEQUENCE = text("""SELECT pg_get_serial_sequence(:table, 'id')""")


def prepare(url: str) -> None:
    """Bring the empty database to the newest version. Raises CannotMove."""
    if database.is_sqlite(url):
        raise CannotMove("--to must name a PostgreSQL database, like postgresql://user@host/heed.")
    engine = database.open_engine(url)
    try:
        with engine.connect() as connection:
            _require_usable(connection)
        database.migrate(url)
    except DBAPIError as problem:
        raise CannotMove(f"The database of --to cannot be used: {first_line(problem.orig)}") from None
    finally:
        engine.dispose()


def _require_usable(connection: Connection) -> None:
    encoding = connection.scalar(text("SHOW server_encoding"))
    if encoding != "UTF8":
        raise CannotMove(f"The database of --to keeps text as {encoding}; make it anew with ENCODING 'UTF8'.")
    version = int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
    if version < OLDEST:
        raise CannotMove(f"PostgreSQL {version} is too old: Heed needs {OLDEST} or newer.")


@contextmanager
def filling(url: str, metadata: MetaData) -> Iterator[Connection]:
    """One transaction in which the tables are this connection's alone and empty; foreign keys and indexes are
    made at its end, at once instead of row by row. Whatever is raised leaves the database as it was."""
    engine = database.open_engine(url)
    names = sorted(metadata.tables)
    try:
        with engine.begin() as connection:
            _take(connection, names)
            _require_empty(connection, metadata)
            for name in WRITTEN_BY_MIGRATIONS:
                connection.execute(delete(metadata.tables[name]))
            with _bare(connection, names):
                yield connection
    finally:
        engine.dispose()


def _take(connection: Connection, names: list[str]) -> None:
    """Whoever else moves a desk here, or uses this one, is waited for, but not for long."""
    for setting in ("lock_timeout = '5s'", "TimeZone = 'UTC'", "maintenance_work_mem = '256MB'"):
        connection.execute(text(f"SET LOCAL {setting}"))
    try:
        connection.execute(text(f"LOCK TABLE {', '.join(names)} IN ACCESS EXCLUSIVE MODE"))
    except DBAPIError as problem:
        raise CannotMove(f"The database of --to is in use: {first_line(problem.orig)}") from None


def _require_empty(connection: Connection, metadata: MetaData) -> None:
    for name, table in metadata.tables.items():
        some = select(literal(1)).select_from(table).limit(1)
        if name not in WRITTEN_BY_MIGRATIONS and connection.scalar(some):
            raise CannotMove(f"The database of --to is not empty: there is something in {name}. Nothing is"
                             " written over; name an empty database.")  # fmt: skip


@contextmanager
def _bare(connection: Connection, names: list[str]) -> Iterator[None]:
    keys = connection.execute(FOREIGN_KEYS, {"tables": names}).all()
    for table, name, _ in keys:
        connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
    indexes = connection.execute(INDEXES, {"tables": names}).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    for _, definition in indexes:
        connection.exec_driver_sql(definition)
    for table, name, definition in keys:
        connection.exec_driver_sql(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")


def raise_sequences(connection: Connection, metadata: MetaData, ever: dict[str, int]) -> None:
    """The next row gets a number that no row has, or `ever` had, by the names of tables."""
    for name, table in metadata.tables.items():
        sequence = "id" in table.columns and connection.scalar(SEQUENCE, {"table": name})
        present = connection.scalar(select(func.max(table.columns["id"]))) if sequence else None
        if last := max(present or 0, ever.get(name, 0)):
            connection.execute(select(func.setval(sequence, last)))


def analyze(url: str) -> None:
    """The planner of a database that was filled at once knows nothing of it yet."""
    engine = database.open_engine(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        database.analyze(connection)
    engine.dispose()


def first_line(problem: object) -> str:
    return str(problem).strip().partition("\n")[0]
