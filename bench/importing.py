"""How many rows a second an import takes over.

    python -m bench.importing [--rows 100000] [--url postgresql://…]

Each row has a number, a name, two tags and two attributes. The same file comes in twice: first everybody
is new, then nothing changes. The floors are of the same run: what reading the file costs, and what
so many rows cost in a table without indexes. On a machine that others use as well, the process's own time
says more than the clock.
"""

import argparse
import csv
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from bench.desks import beside
from bench.results import Desk, Measured
from webapp import create_app, database
from webapp.customers.importing import import_file
from webapp.extensions import db

FIRST_NUMBER = 5_511_900_000_000
TITLES = ("phone", "name", "tags", "attr:City", "attr:Visits")
NAMES = ("Ana", "José", "Kwame", "Marie", "Łukasz")
AT_ONCE, ROWS = 2000, 100_000
NEW, SAME, DRY = "everybody is new", "nothing changes", "dry run"
FEWEST = 20_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--url", default="")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        taken(wishes.url or f"sqlite:///{Path(folder) / 'heed.db'}", folder, wishes.rows)


def measure(desk: Desk) -> list[Measured]:
    """Into a desk of its own beside the large one."""
    with beside(desk, "importing") as url, tempfile.TemporaryDirectory(dir=desk.folder) as folder:
        rates = taken(url, folder, min(desk.customers, ROWS))
    return [
        Measured(f"import, {what}", desk.engine, rates[what], FEWEST, "rows/s", at_least=True)
        for what in (NEW, SAME)
    ]


def taken(url: str, folder: str, rows: int) -> dict[str, float]:
    """Rows a second of each way to take the file over."""
    file = write(Path(folder) / "people.csv", rows)
    say("reading alone", rows, lambda: read(file))
    say("a table without indexes", rows, lambda: fill(file, Path(folder)))
    database.migrate(url)
    app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": folder, "SECRET_KEY": "x" * 32}, web=False)
    with app.app_context():
        rates = {
            what: say(what, rows, lambda what=what: take(file, dry_run=what == DRY))
            for what in (NEW, SAME, DRY)
        }
        db.session.remove()
        db.engine.dispose()
    return rates


def write(file: Path, rows: int) -> Path:
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.writer(opened)
        writer.writerow(TITLES)
        for n in range(rows):
            name = f"{NAMES[n % len(NAMES)]} {n}"
            tags = f"tag {n % 200};tag {n % 7 + 200}"
            writer.writerow((f"+{FIRST_NUMBER + n}", name, tags, f"city {n % 500}", n % 100))
    return file


def read(file: Path) -> None:
    with file.open(newline="", encoding="utf-8") as opened:
        for _ in csv.reader(opened):
            pass


def fill(file: Path, folder: Path) -> None:
    connection = database.sqlite_module().connect(folder / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE rows (phone TEXT, name TEXT, tags TEXT, city TEXT, visits TEXT)")
    with file.open(newline="", encoding="utf-8") as opened:
        rows = csv.reader(opened)
        while some := list(islice(rows, AT_ONCE)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", some)
            connection.execute("COMMIT")
    connection.close()


def take(file: Path, dry_run: bool) -> None:
    report = import_file(file, dry_run=dry_run, actor="system", now=datetime.now(UTC))
    print(f"  {report.summary()}")


def say(what: str, rows: int, act: Callable[[], None]) -> float:
    """Does it and prints how long it took; returns rows a second."""
    start, worked = time.perf_counter(), time.process_time()
    act()
    taken, worked = time.perf_counter() - start, time.process_time() - worked
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    speed = f"{rows / taken:,.0f} rows a second ({rows / worked:,.0f} of this process's own time)"
    print(f"{what}: {speed}, {taken:.1f} s, at most {most} MB so far", flush=True)
    return rows / taken


if __name__ == "__main__":
    main()
