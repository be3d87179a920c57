"""How both databases are opened, in one place: driver, pragmas, transactions, column types, migrations."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from json.encoder import c_make_encoder, encode_basestring
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Engine,
    Integer,
    Join,
    Select,
    create_engine,
    event,
    func,
    inspect,
    make_url,
    select,
    text,
)
from sqlalchemy.engine import Connection, ExceptionContext
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from webapp import fault_points, paths
from webapp.turnstile import Turnstile

SQLITE_BUSY_SECONDS = 5.0
CONNECTIONS = 10
"""Of one process, kept open."""
MORE_CONNECTIONS, MORE_OF_THE_WEB = 10, 22
"""On top, when it must: with them each thread of the web part can have one, so that nobody who stores a
delivery waits for pages that are slow."""
FOR_SHORT_STATEMENTS = ("SET jit = off",)  # it compiles for longer than a page may take
OF_THE_WEB = (
    "SET lock_timeout = '10s'",  # then 503, as on SQLite: whoever asked, asks again
    "SET statement_timeout = '120s'",
    "SET idle_in_transaction_session_timeout = '10min'",  # an export that nobody reads holds back VACUUM
)
"""The worker, commands and migrations have no such limits: their work is long and nobody waits for it."""
OUT_OF_REACH = (OperationalError, InterfaceError, NoConnectionInTime)
"""What says that the database is locked, gone or crowded, and nothing about what was to be written."""


class Damaged(OperationalError):
    """The file of SQLite cannot be read as one: the database is out of reach until it is put back."""


_sqlite_begin: ContextVar[str] = ContextVar("sqlite_begin", default="BEGIN")

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit key. SQLite numbers rows by itself only for a column that is exactly INTEGER."""
NEVER_AGAIN = {"sqlite_autoincrement": True}
"""For a table whose ids are kept elsewhere: once its last row is deleted, SQLite would give its id to another
row. PostgreSQL never does."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC with microseconds. SQLite keeps no zone, so it is taken off and put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON(none_as_null=True)
_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_in_pieces = c_make_encoder(
    None, _compact.default, encode_basestring, None, ":", ",", _compact.sort_keys, _compact.skipkeys, True
)
"""What `_compact` makes for each value anew, which takes three times as long as to use it."""


def sqlite_module() -> ModuleType:
    """pysqlite3 where its wheel exists: the SQLite of Python 3.11 has the WAL-reset bug (fixed in 3.51.3)."""
    try:
        from pysqlite3 import dbapi2
    except ImportError:
        return sqlite3
    return dbapi2


def is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def analyze(connection: Connection, *tables: str) -> None:
    """Have PostgreSQL plan by what these tables hold now, or all of them. By itself it looks within a minute,
    and what was planned in between, for an empty table, goes on like that for hours."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"ANALYZE {', '.join(tables)}")


def engine_options(url: str, *, web: bool = False) -> dict[str, Any]:
    """Options of `create_engine` for this URL. PostgreSQL shows which connections are of the web part."""
    common = {
        "json_serializer": compact_json,
        "hide_parameters": True,  # what was to be stored would stand in the message of each exception
        "pool_size": CONNECTIONS,
        "max_overflow": MORE_OF_THE_WEB if web else MORE_CONNECTIONS,
        "pool_use_lifo": True,  # the one used last has its pages and statements; the others need none
    }
    if is_sqlite(url):
        return {
            "module": sqlite_module(),
            "connect_args": {"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
            **common,
        }
    return {
        **common,
        "connect_args": {"fallback_application_name": "heed web" if web else "heed"},
        "pool_pre_ping": True,  # 0.2 ms for each request; without it a restart of the server costs pages
    }


def compact_json(value: Any) -> str:
    return "".join(_in_pieces(value, 0))


def open_engine(url: str) -> Engine:
    """An engine outside Flask, for migrations."""
    engine = create_engine(url, **engine_options(url))
    prepare(engine)
    return engine


def prepare(engine: Engine, *, web: bool = False) -> None:
    """Pragmas and explicit transactions for SQLite; settings of the session for PostgreSQL."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "connect", _on_web_connect if web else _on_postgresql_connect)
        return
    event.listen(engine, "connect", _on_sqlite_connect)
    event.listen(engine, "handle_error", _on_sqlite_error)
    if engine.url.database not in (None, "", ":memory:"):
        _order_writers(engine, Turnstile(Path(f"{engine.url.database}-turn")))
    event.listen(engine, "begin", _on_sqlite_begin)  # after the wait for the turn


def _on_postgresql_connect(connection: Any, _record: Any, settings: tuple[str, ...] = ()) -> None:
    for setting in (*FOR_SHORT_STATEMENTS, *settings):
        connection.execute(setting)
    connection.commit()  # a rollback would take the settings back


def _on_web_connect(connection: Any, record: Any) -> None:
    _on_postgresql_connect(connection, record, OF_THE_WEB)


def _on_sqlite_connect(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin transactions behind our back
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",  # a consent that Meta was told 200 for must survive a power cut
        "foreign_keys=ON",
        "secure_delete=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE passes the DELETE triggers of the ledger
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _order_writers(engine: Engine, turnstile: Turnstile) -> None:
    """Whoever takes the write lock waits for their turn, and passes it on with the connection."""

    def wait(connection: Connection) -> None:
        if _sqlite_begin.get() == "BEGIN IMMEDIATE" and not connection.info.get("turn"):
            connection.info["turn"] = turnstile.enter(SQLITE_BUSY_SECONDS)

    def pass_on(_connection: Any, record: Any) -> None:
        if record.info.pop("turn", False):
            turnstile.leave()

    event.listen(engine, "begin", wait)
    event.listen(engine, "checkin", pass_on)  # however the transaction ended
    event.listen(engine, "engine_disposed", lambda _engine: turnstile.close())


def _on_sqlite_error(context: ExceptionContext) -> None:
    """The driver has no class of its own for a file that is no database, or a malformed one."""
    problem = context.original_exception
    if type(problem).__name__ == "DatabaseError":
        raise Damaged(context.statement, None, problem) from problem


def _on_sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql(_sqlite_begin.get())


@contextmanager
def writing() -> Iterator[None]:
    """Transactions begun inside take SQLite's write lock at once.

    A reading transaction that turns into a writing one fails without waiting when somebody wrote in between.
    """
    mark = _sqlite_begin.set("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        _sqlite_begin.reset(mark)


@contextmanager
def reading() -> Iterator[None]:
    """Transactions begun inside a `writing` take no lock: for requests that post much and change nothing."""
    mark = _sqlite_begin.set("BEGIN")
    try:
        yield
    finally:
        _sqlite_begin.reset(mark)


def begin_snapshot(session: Any) -> None:
    """All further reads of this transaction see one moment; SQLite does so by itself. Call it first."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


def fold_journal(engine: Engine) -> bool:
    """Move what SQLite's journal holds into the database file and empty it, so that what was deleted is in
    neither; False when somebody reads an older state meanwhile. PostgreSQL has no such file of its own."""
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    return not busy


def numbers(session: Any, id: Any, most: int) -> list[int]:
    """So many numbers for new rows that nobody else gets: from the sequence of the column `id`, or, as SQLite
    has one writer, those that follow. Rows that bring their number are written many in one statement."""
    if session.get_bind().dialect.name == "postgresql":
        table = id.class_.__tablename__
        draw = """WITH its AS MATERIALIZED (SELECT pg_get_serial_sequence(:table, 'id')::regclass AS sequence)
            SELECT nextval(sequence) FROM its, generate_series(1, :most)"""
        return list(session.scalars(text(draw), {"table": table, "most": most}))
    last = session.scalar(select(func.max(id))) or 0
    return list(range(last + 1, last + 1 + most))


class OrderedJoin(Join):
    """A join whose left side SQLite reads first, as it does for CROSS JOIN; PostgreSQL chooses by itself."""

    inherit_cache = True


@compiles(OrderedJoin, "sqlite")
def _cross_join(join: OrderedJoin, compiler: Any, **how: Any) -> str:
    how["asfrom"] = True
    left, right = (compiler.process(side, **how) for side in (join.left, join.right))
    return f"{left} CROSS JOIN {right} ON {compiler.process(join.onclause, **how | {'asfrom': False})}"


def in_order(left: Any, right: Any, on: ColumnElement[bool]) -> OrderedJoin:
    """`left` joined with `right`, in this order."""
    return OrderedJoin(*(coercions.expect(roles.FromClauseRole, side) for side in (left, right)), on)


class _JsonRows(FunctionElement[Any]):
    """Rows as one JSON value, an array of arrays, in their order."""

    type = Json
    inherit_cache = True


@compiles(_JsonRows, "sqlite")
def _json_rows_sqlite(rows: _JsonRows, compiler: Any, **how: Any) -> str:
    return f"json_group_array(json_array({compiler.process(rows.clauses, **how)}))"


@compiles(_JsonRows, "postgresql")
def _json_rows_postgresql(rows: _JsonRows, compiler: Any, **how: Any) -> str:
    return f"coalesce(json_agg(json_build_array({compiler.process(rows.clauses, **how)})), '[]')"


def json_rows(rows: Select[Any]) -> ColumnElement[Any]:
    """All rows of a query as one value, so that several queries are one statement."""
    return select(_JsonRows(*rows.subquery().c)).scalar_subquery()


class NewerSchema(Exception):
    """A newer Heed has migrated the database; the message is a sentence that says what to do."""


def migrate(url: str, revision: str = "head", *, secret_key: str = "") -> None:
    """Bring the database to `revision`, at once or not at all; safe to repeat. Raises NewerSchema.

    With `secret_key` a migration can lock what is to be kept locked."""
    engine = open_engine(url)
    if is_sqlite(url):
        event.listen(engine, "connect", _without_foreign_keys)
    try:
        with writing(), engine.begin() as connection:
            refuse_newer(version(connection))
            config = alembic_config(connection)
            config.attributes["secret_key"] = secret_key
            command.upgrade(config, revision)
            fault_points.reached("migration.stored")
        fault_points.reached("migration.committed")
    finally:
        engine.dispose()


def _without_foreign_keys(connection: Any, _record: Any) -> None:
    """A table that others refer to is changed by making it anew, and inside a transaction it is too late to
    say this."""
    connection.execute("PRAGMA foreign_keys=OFF")


def refuse_newer(found: str | None) -> None:
    """Raises NewerSchema when this Heed does not know the version that a database has."""
    if found is not None and found not in versions():
        raise NewerSchema(
            f"The database has version {found}, and this Heed knows none after {newest_version()}: a newer "
            "Heed has migrated it. Install that one again, or restore a backup of before."
        )


def version(connection: Connection) -> str | None:
    """Of the database's schema; None before the first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(text("SELECT version_num FROM alembic_version"))


def newest_version() -> str:
    """The version that `migrate` brings a database to."""
    return versions()[0]


@cache
def versions() -> tuple[str, ...]:
    """All that this Heed knows, the newest first."""
    known = ScriptDirectory.from_config(alembic_config(None)).walk_revisions()
    return tuple(script.revision for script in known)


def knows_version(revision: str) -> bool:
    """Whether `migrate` can bring a database of this version to the newest one."""
    script = ScriptDirectory.from_config(alembic_config(None))
    return revision in {each.revision for each in script.walk_revisions()}


def alembic_config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(paths.MIGRATIONS))
    config.attributes["connection"] = connection
    return config
