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

from webapp import create_app, database
from webapp.customers.importing import import_file

FIRST_NUMBER = 5_511_900_000_000
TITLES = ("phone", "name", "tags", "attr:City", "attr:Visits")
NAMES = ("Ana", "José", "Kwame", "Marie", "Łukasz")
AT_ONCE = 2000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--url", default="")
    wishes = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder) / "people.csv", wishes.rows)
        say("reading alone", wishes.rows, lambda: read(file))
        say("a table without indexes", wishes.rows, lambda: fill(file, Path(folder)))
        url = wishes.url or f"sqlite:///{Path(folder) / 'heed.db'}"
        database.migrate(url)
        app = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": folder, "SECRET_KEY": "x" * 32}, web=False)
        with app.app_context():
            for what in ("everybody is new", "nothing changes", "dry run"):
                say(what, wishes.rows, lambda what=what: take(file, dry_run=what == "dry run"))


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


def say(what: str, rows: int, act: Callable[[], None]) -> None:
    start, worked = time.perf_counter(), time.process_time()
    act()
    taken, worked = time.perf_counter() - start, time.process_time() - worked
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    speed = f"{rows / taken:,.0f} rows a second ({rows / worked:,.0f} of this process's own time)"
    print(f"{what}: {speed}, {taken:.1f} s, at most {most} MB so far", flush=True)


if __name__ == "__main__":
    main()
