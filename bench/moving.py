"""How many rows `heed move` takes from SQLite to PostgreSQL in a second.

    python -m bench.moving --to postgresql://… [--customers 5000] [--database sqlite:///desk.db]

The desk is one of the demo unless it is named; the PostgreSQL database must be empty. The parts are timed
apart: the copy, reading every row back, then indexes and foreign keys. The floor is of the same run: what it
costs to read all rows from SQLite.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from bench.desks import beside
from bench.generate import generate
from bench.results import Desk, Measured
from webapp import clock, create_app, database
from webapp.demo import desk
from webapp.extensions import db
from webapp.moving import copying, source, target
from webapp.tables import METADATA

FEWEST = 30_000
"""Rows a second: a million customers with their history in a few minutes."""
MOST_MOVED = 100_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", required=True)
    parser.add_argument("--customers", type=int, default=5000)
    parser.add_argument("--database", default="")
    wishes = parser.parse_args()
    there = wishes.to.replace("postgresql://", "postgresql+psycopg://")
    with tempfile.TemporaryDirectory() as folder:
        here = wishes.database or invented(Path(folder), wishes.customers)
        target.prepare(there)
        with source.held(here) as connection:
            move(connection, there)


def invented(folder: Path, customers: int) -> str:
    """A desk of the demo in this folder."""
    url = f"sqlite:///{folder / 'heed.db'}"
    database.migrate(url)
    app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": os.fspath(folder)}, web=False)
    with app.app_context():
        for _ in desk.fill(customers, clock.now()):
            pass
        db.session.remove()
        db.engine.dispose()
    return url


def measure(desk: Desk) -> list[Measured]:
    """A desk moves from SQLite to PostgreSQL, so that is measured on PostgreSQL: its empty database is beside
    the desk, and what moves is generated like the desk."""
    if desk.engine == "SQLite":
        return []
    with tempfile.TemporaryDirectory(dir=desk.folder) as folder, beside(desk, "moved") as there:
        here = f"sqlite:///{Path(folder) / 'heed.db'}"
        generate(here, min(desk.customers, MOST_MOVED))
        target.prepare(there)
        with source.held(here) as connection:
            rows, seconds = move(connection, there)
    return [
        Measured("heed move, compared and indexed", desk.engine, rows / seconds, FEWEST, "rows/s",
                 at_least=True)
    ]  # fmt: skip


def move(here: object, there: str) -> tuple[int, float]:
    """How many rows there are, and the seconds of all parts but the floor."""
    start = time.perf_counter()
    rows = sum(1 for table in METADATA.sorted_tables for _ in source.rows(here, table))
    begun = say("read from SQLite", rows, start)
    with target.filling(there, METADATA) as connection:
        start = time.perf_counter()
        copied = sum(n for _, n in copying.copy(here, connection, METADATA))
        start = say("copied", copied, start)
        copying.compare(here, connection, METADATA)
        start = say("read back and compared", rows, start)
    return rows, say("indexed and committed", rows, start) - begun


def say(what: str, rows: int, start: float) -> float:
    """Print it; returns the time at which the next part starts."""
    seconds = time.perf_counter() - start
    print(f"{what}: {rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows/s", flush=True)
    return time.perf_counter()


if __name__ == "__main__":
    main()
