"""A PostgreSQL desk: dumped at one moment, made ready in a database of its own, and put in the place of
another."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from sqlalchemy import make_url

from webapp.backups.refusals import Refused

IN_USE = (
    "The desk is in use, or kept open by something else: stop the web part and the worker, then restore. "
    "Until it is back webhooks are not answered, and Meta repeats them."
)
SECONDS_FOR_LOCKS = "30s"
LONGEST_NAME = 63
QUEUE = "huey_*"
"""The task queue's tables: work that waited then is found in the rows."""
Error = psycopg.Error


@contextmanager
def moment(url: str) -> Iterator[tuple[Any, str]]:
    """A connection that sees one moment, and the moment's name for `dump`."""
    with psycopg.connect(_conninfo(url)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        yield connection, connection.execute("SELECT pg_export_snapshot()").fetchone()[0]  # type: ignore[index]
        connection.rollback()


def dump(url: str, snapshot: str, server: int, to: Path) -> None:
    """Raises Refused when pg_dump is missing, older than the server, or fails."""
    program = _program("pg_dump", server)
    _run(url, [program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
               f"--exclude-table-data={QUEUE}", f"--lock-wait-timeout={SECONDS_FOR_LOCKS}", f"--file={to}",
               f"--dbname={_conninfo(url, secret=False)}"])  # fmt: skip


def check(file: Path) -> None:
    """Raises Refused when pg_restore cannot read the dump."""
    _run("postgresql://", [_program("pg_restore", 0), "--list", str(file)])


def version(connection: Any) -> int:
    return connection.info.server_version // 10_000


def ready_name(url: str) -> str:
    return f"{_name(url)[: LONGEST_NAME - 10]}_restoring"


def url_of(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def make_ready(url: str, file: Path) -> str:
    """The URL of a new database that holds the dump, with the locale of the present one; one that a crash
    left is dropped. Raises Refused."""
    name = ready_name(url)
    try:
        with _maintenance(url) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            connection.execute(_create(connection, _name(url), name))
            server = version(connection)
    except psycopg.Error as problem:
        raise Refused(
            f"PostgreSQL makes no database beside this one: {_first_line(problem)}. The role needs CREATEDB."
        ) from None
    ready = url_of(url, name)
    _run(ready, [_program("pg_restore", server), "--no-owner", "--no-privileges", "--no-comments",
                 "--exit-on-error", "--single-transaction", f"--dbname={_conninfo(ready, secret=False)}",
                 str(file)])  # fmt: skip
    return ready


def exists(url: str) -> bool:
    """Whether there is such a database. Raises Refused when the server cannot be reached."""
    try:
        with _maintenance(url) as connection:
            return _known(connection, _name(url)) is not None
    except psycopg.Error as problem:
        raise Refused(f"PostgreSQL cannot be reached: {_first_line(problem)}") from None


def demand_nobody_uses(url: str) -> None:
    """Raises Refused while anybody is connected to the desk."""
    with _maintenance(url) as connection:
        others = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [_name(url)])
        if others.fetchone()[0]:  # type: ignore[index]
            raise Refused(IN_USE)


def swap(url: str, stamp: str) -> str | None:
    """Put the database that is ready in the place of the present one, in one transaction; the name under
    which that is kept, if there was one. Raises Refused while anybody uses either."""
    name, aside = _name(url), f"{_name(url)[: LONGEST_NAME - 30]}_before_{stamp.lower()}"
    try:
        with _maintenance(url) as connection, connection.transaction():
            kept = _known(connection, name) is not None
            if kept:
                connection.execute(_rename(name, aside))
            connection.execute(_rename(ready_name(url), name))
    except psycopg.errors.ObjectInUse:
        raise Refused(IN_USE) from None
    return aside if kept else None


def _create(connection: Any, like: str, name: str) -> sql.Composed:
    known = _known(connection, like) or ("C.UTF-8", "C.UTF-8")
    made = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE {} LC_CTYPE {}"
    return sql.SQL(made).format(sql.Identifier(name), *map(sql.Literal, known))


def _known(connection: Any, name: str) -> tuple[str, str] | None:
    return connection.execute(
        "SELECT datcollate, datctype FROM pg_database WHERE datname = %s", [name]
    ).fetchone()


def _rename(name: str, to: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to))


@contextmanager
def _maintenance(url: str) -> Iterator[Any]:
    """A connection to the server that is none to the desk."""
    with psycopg.connect(_conninfo(url_of(url, "postgres")), autocommit=True) as connection:
        yield connection


def _name(url: str) -> str:
    return make_url(url).database or ""


def _conninfo(url: str, *, secret: bool = True) -> str:
    at = make_url(url)
    given = {"host": at.host, "port": at.port, "user": at.username, "dbname": at.database,
             "password": at.password if secret else None}  # fmt: skip
    return make_conninfo(**{name: value for name, value in given.items() if value}, **at.query)  # type: ignore[arg-type]


def _program(name: str, server: int) -> str:
    found = shutil.which(name)
    if found is None:
        raise Refused(
            f"{name} is not on PATH. Install PostgreSQL’s client programs (Debian: postgresql-client)."
        )
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    own = re.search(r"(\d+)", told)
    if own and int(own[1]) < server:
        raise Refused(
            f"{name} is of version {own[1]}: install PostgreSQL’s client programs of {server} or newer."
        )
    return found


def _run(url: str, command: list[str]) -> None:
    """Programs of PostgreSQL with arguments of our own. Raises Refused. The password goes by the environment,
    for others on the machine can read a command line."""
    environment = {**os.environ, "PGPASSWORD": make_url(url).password or os.environ.get("PGPASSWORD", "")}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if ended.returncode:
        why = (ended.stderr.strip() or "it gave no reason").splitlines()[0]
        raise Refused(f"{Path(command[0]).name} failed: {why}")


def _first_line(problem: object) -> str:
    return str(problem).strip().partition("\n")[0]
