"""Generated desks on both engines, in a folder and on a PostgreSQL server of the bench's own."""

import argparse
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bench.generate import generate
from bench.results import Desk
from tests.postgres import running_server
from webapp import database

MIB = 1024**2
LARGEST_BUFFERS = 2048
PLAIN = "postgresql"
"""How psycopg itself calls it."""


def settings() -> dict[str, str]:
    """What docs/scale.md recommends; of the memory a quarter, but no more than the bench needs."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // MIB
    return {
        "listen_addresses": "", "shared_buffers": f"{min(memory // 4, LARGEST_BUFFERS)}MB",
        "work_mem": "64MB", "random_page_cost": "1.1", "max_wal_size": "4GB",
    }  # fmt: skip


@contextmanager
def asked_for(parser: argparse.ArgumentParser) -> Iterator[tuple[Desk, argparse.Namespace]]:
    """The desk that somebody names on the command line, and what else they ask for."""
    parser.add_argument("--url", required=True)
    parser.add_argument("--customers", type=int, required=True)
    wishes = parser.parse_args()
    engine = "SQLite" if database.is_sqlite(wishes.url) else "PostgreSQL"
    with tempfile.TemporaryDirectory(prefix="heed-bench-") as folder:
        yield Desk(engine, wishes.url, wishes.customers, folder), wishes


@contextmanager
def servers(engine: str) -> Iterator[str]:
    """The URL of an empty database; the server runs until the end."""
    with ExitStack() as until_end:
        if engine == "SQLite":
            folder = until_end.enter_context(tempfile.TemporaryDirectory(prefix="heed-bench-"))
            yield f"sqlite:///{Path(folder) / 'heed.db'}"
            return
        server = until_end.enter_context(running_server(settings(), tempfile.gettempdir()))
        server.execute(sql.SQL("CREATE DATABASE {}"), "heed")
        yield server.url("heed")


@contextmanager
def generated(engine: str, customers: int) -> Iterator[Desk]:
    """A desk of so many customers, and a folder for its data."""
    with servers(engine) as url, tempfile.TemporaryDirectory(prefix="heed-bench-") as folder:
        start = time.perf_counter()
        generate(url, customers)
        print(f"  {customers:,} customers made in {time.perf_counter() - start:.0f} s", flush=True)
        yield Desk(engine, url, customers, folder)


@contextmanager
def beside(desk: Desk, name: str) -> Iterator[str]:
    """The URL of another, empty database on the same engine, which is gone at the end."""
    if desk.engine == "SQLite":
        with tempfile.TemporaryDirectory(dir=desk.folder) as folder:
            yield f"sqlite:///{Path(folder) / name}.db"
        return
    place = make_url(desk.url).set(drivername=PLAIN).render_as_string(hide_password=False)
    made, dropped = (
        sql.SQL(words).format(sql.Identifier(name))
        for words in ("CREATE DATABASE {}", "DROP DATABASE IF EXISTS {} WITH (FORCE)")
    )
    with psycopg.connect(place, autocommit=True) as connection:
        connection.execute(dropped)
        connection.execute(made)
        yield make_url(desk.url).set(database=name).render_as_string(hide_password=False)
        connection.execute(dropped)


def version(url: str) -> str:
    """What the server is, like PostgreSQL 15.4; empty for SQLite."""
    if not url.startswith(PLAIN):
        return ""
    place = make_url(url).set(drivername=PLAIN).render_as_string(hide_password=False)
    with psycopg.connect(place) as connection:
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"
