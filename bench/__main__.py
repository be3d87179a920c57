"""Measures Heed against its goals on both databases and prints them as one table.

    python -m bench [--customers 1000000] [--engine SQLite] [--only pages --only audience] [--write]

BENCH_CUSTOMERS does what --customers does, for `make bench`. With --write the table goes to bench/RESULTS.md,
too. What a part cannot measure stands in the table as not measured, with the reason below.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from bench import desks, machine
from bench.parts import PARTS, apart
from bench.table import ENGINES, notes, summary, table
from webapp import clock

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    parser = argparse.ArgumentParser()
    customers = int(os.environ.get("BENCH_CUSTOMERS") or 1_000_000)
    parser.add_argument("--customers", type=int, default=customers)
    parser.add_argument("--engine", action="append", choices=ENGINES)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--write", action="store_true")
    wishes = parser.parse_args()
    text = report(wishes.engine or ENGINES, wishes.only or list(PARTS), wishes.customers)
    print(f"\n{text}")
    if wishes.write:
        RESULTS.write_text(f"# What `make bench` found\n\n{text}", encoding="utf-8", newline="\n")


def report(engines: Iterable[str], parts: Iterable[str], customers: int) -> str:
    """Markdown: on what it ran, the table, and what has to be said of it."""
    found, versions, start = [], [machine.versions()], time.monotonic()
    on = machine.described(tempfile.gettempdir())
    for engine in engines:
        with desks.generated(engine, customers) as desk:
            versions += filter(None, [desks.version(desk.url)])
            for part in parts:
                found += apart(part, desk)
    minutes = (time.monotonic() - start) / 60
    said = [
        f"{customers:,} customers, {clock.now():%d %B %Y}, {minutes:.0f} minutes.",
        f"{on}. {', '.join(versions)}.",
        "Ratios are medians of what was measured side by side, with quartiles in brackets.",
        table(found), summary(found), "\n".join(f"- {note}" for note in notes(found)),
    ]  # fmt: skip
    return "\n\n".join(filter(None, said)) + "\n"


if __name__ == "__main__":
    main()
