"""The SQLite desk that moves: nobody else has it open, and nobody opens it, until it is copied."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Table, make_url

from webapp import database
from webapp.moving.refusals import CannotMove

BROKEN = database.sqlite_module().Error
BUSY = ("It is in use: stop the web part and the worker, and run this again. Until the desk has moved"
        " webhooks are answered 503, and Meta repeats them.")  # fmt: skip


@contextmanager
def held(url: str) -> Iterator[Any]:
    """A connection that has the desk at `url` for itself. Raises CannotMove.

    With `locking_mode=EXCLUSIVE` SQLite refuses while any other process has the file open, however idle, and
    keeps others from opening it: so what is copied is all that there is.
    """
    file = _file(url)
    with closing(database.sqlite_module().connect(file, isolation_level=None, timeout=0)) as connection:
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN IMMEDIATE")
        except BROKEN as problem:
            raise CannotMove(BUSY if "locked" in str(problem) else f"{file}: {problem}.") from None
        _require_newest(connection)
        yield connection


def _file(url: str) -> Path:
    if not database.is_sqlite(url):
        raise CannotMove("DATABASE_URL names a PostgreSQL database already; a desk moves from SQLite only.")
    file = Path(make_url(url).database or "")
    if not file.is_file():
        raise CannotMove(f"There is no desk to move: {file} does not exist. Check DATABASE_URL.")
    return file


def _require_newest(connection: Any) -> None:
    try:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except BROKEN:
        version = None
    if version != (database.newest_version(),):
        raise CannotMove("This desk is not on the newest version: run heed init first.")


def rows(connection: Any, table: Table) -> Iterator[tuple[Any, ...]]:
    """All rows as they are stored, in the order of the primary key; not all in memory at once."""
    columns = ", ".join(map(_read, table.columns))
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    yield from connection.execute(f'SELECT {columns} FROM "{table.name}" ORDER BY {order}')  # noqa: S608 our own names


def _read(column: Any) -> str:
    """JSON that is a mere number is stored as one."""
    name = f'"{column.name}"'
    return f"CAST({name} AS TEXT)" if isinstance(column.type, JSON) else name


def last_numbers(connection: Any) -> dict[str, int]:
    """The highest id that each of those tables ever had whose ids never come again."""
    return dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
