"""How many customers an export writes in a second, and how much memory it takes.

    python -m bench.exporting [--customers 100000] [--url postgresql://…]

Every third customer carries the first tag, every three hundredth the second, and each lives in one of two
cities. The floor is of the same run: what `csv.writer` costs over rows that are ready. Memory is how much the
process grew from the end of the first chunk to the end of the file.
"""

import argparse
import csv
import io
import resource
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

from flask import Flask
from sqlalchemy import text

from bench.results import Desk, Measured
from webapp import create_app, database
from webapp.customers import exporting
from webapp.customers.filters import Filter
from webapp.database import writing
from webapp.extensions import db

FILTERS = {
    "everybody": Filter(),
    "a status": Filter(status="opted_out"),
    "a common tag": Filter(tags=("vip",)),
    "a rare tag": Filter(tags=("rare",)),
    "an attribute": Filter(attrs=(("city", "Rio"),)),
    "a search": Filter(q="person 7"),
    "tag, attribute, status": Filter(tags=("vip",), attrs=(("city", "Rio"),), status="opted_out"),
}
ROUNDS = 3
SLOWEST = 25.0
"""So many times what `csv.writer` takes: the rows come out of a database and are put together."""
MOST_GROWN = 16.0
MEGABYTE = 1024
"""In the units of `ru_maxrss` on Linux."""

STOCK = """
INSERT INTO tags (id, name, key, n) VALUES (1, 'vip', 'vip', 0), (2, 'rare', 'rare', 0);
INSERT INTO attribute_keys (id, name, key, type) VALUES (1, 'city', 'city', 'text');
CREATE TEMPORARY TABLE numbers (n BIGINT);
INSERT INTO numbers WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < :customers)
    SELECT n FROM up;
INSERT INTO customers (id, name, search, phone_display, tags_json, attrs_json, demo, created_at, status,
        status_at, version, events_count)
    SELECT n, 'Person ' || n, 'person ' || n || ' 55119' || (n + 10000000), '+55119' || (n + 10000000),
        '[]', '{"city":"Recife"}', false, '2026-11-20 12:00:00',
        CASE n % 7 WHEN 0 THEN 'opted_out' WHEN 1 THEN 'unknown' ELSE 'opted_in' END, '2026-11-20 12:00:00',
        1, 0
    FROM numbers;
UPDATE customers SET tags_json = '["vip"]' WHERE id % 3 = 0;
UPDATE customers SET attrs_json = '{"city":"Rio"}' WHERE id % 2 = 0;
INSERT INTO identities (customer_id, kind, value, match_key, source, created_at)
    SELECT n, 'phone', '55119' || (n + 10000000), '551' || (n + 10000000), 'import', '2026-11-20 12:00:00'
    FROM numbers;
INSERT INTO customer_tags (tag_id, customer_id) SELECT 1, n FROM numbers WHERE n % 3 = 0;
INSERT INTO customer_tags (tag_id, customer_id) SELECT 2, n FROM numbers WHERE n % 300 = 0;
INSERT INTO customer_attrs (customer_id, key_id, val_text)
    SELECT n, 1, CASE WHEN n % 2 = 0 THEN 'Rio' ELSE 'Recife' END FROM numbers;
DROP TABLE numbers;
ANALYZE
"""
"""The colon in JSON is escaped where the statements are run."""


@dataclass(frozen=True)
class Run:
    """One export: its rows, its seconds, those of its first piece with rows, and megabytes it grew by."""

    rows: int
    seconds: float
    first: float
    grown: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--url", default="")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = wishes.url or f"sqlite:///{Path(folder) / 'heed.db'}"
        database.migrate(url)
        with desk_at(url, folder).app_context():
            stock(wishes.customers)
            print(f"csv.writer over {wishes.customers:,} ready rows: {floor(wishes.customers):.2f} s")
            for name, filter in FILTERS.items():
                say(name, exported(filter))


def measure(desk: Desk) -> list[Measured]:
    """Everybody of the desk, against the floor; and how much the longest file makes the process grow."""
    with desk_at(desk.url, desk.folder).app_context():
        exported(Filter())
        runs = [(exported(Filter()), floor(desk.customers)) for _ in range(ROUNDS)]
    ratio = median(run.seconds / ready for run, ready in runs)
    grown = max(run.grown for run, _ in runs)
    return [
        Measured("Export of everybody, against ready rows", desk.engine, ratio, SLOWEST, "×"),
        Measured("Export of everybody, memory", desk.engine, grown, MOST_GROWN, "MB"),
    ]


def desk_at(url: str, folder: str) -> Flask:
    app = create_app(
        {
            "DATABASE_URL": url, "HEED_DATA_DIR": folder, "SECRET_KEY": "x" * 32,
            "WHATSAPP_APP_SECRET": "bench secret", "WHATSAPP_VERIFY_TOKEN": "word", "LOG_LEVEL": "WARNING",
        }
    )  # fmt: skip
    app.extensions["heed-tasks"] = {}
    return app


def stock(customers: int) -> None:
    with writing():
        for statement in STOCK.replace('":"', '"\\:"').split(";"):
            wanted = {"customers": customers} if ":customers" in statement else {}
            db.session.execute(text(statement), wanted)
        db.session.commit()


def floor(rows: int) -> float:
    """Seconds for so many rows that lie ready."""
    ready = next(exporting.chunks(Filter()))
    db.session.rollback()
    start = time.perf_counter()
    for _ in range(0, rows, len(ready)):
        csv.writer(io.StringIO(newline="")).writerows(ready)
    return time.perf_counter() - start


def exported(filter: Filter) -> Run:
    start, rows = time.perf_counter(), 0
    pieces = exporting.lines(filter)
    for piece in islice(pieces, 2):
        rows += lines_in(piece)
    first, before = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    rows += sum(map(lines_in, pieces)) - 1
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / MEGABYTE
    return Run(rows, time.perf_counter() - start, first, grown)


def lines_in(piece: str) -> int:
    return piece.count("\r\n")


def say(what: str, run: Run) -> None:
    print(
        f"{what}: {run.rows:,} rows in {run.seconds:.2f} s ({run.rows / run.seconds:,.0f} a second), "
        f"the first after {run.first * 1000:.0f} ms, grew by {run.grown:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
