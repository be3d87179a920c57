"""Measures Heed against its goals on both databases and prints them as one table.

    python -m bench [--customers 1000000] [--engine SQLite] [--only pages --only audience] [--write]

BENCH_CUSTOMERS does what --customers does, for `make bench`. With --write the table goes to bench/RESULTS.md,
too. What a part cannot measure stands in the table as not measured, with the reason below.
"""

import argparse
import importlib
import importlib.util
import os
import tempfile
import time
import traceback
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

from bench import desks, machine
from bench.results import Desk, Measured
from bench.table import ENGINES, notes, summary, table
from webapp import clock

PARTS = {
    "pages": "pages of the table",
    "importing": "import",
    "exporting": "export",
    "audience": "audience and claims",
    "sending": "sending",
    "webhook": "webhook, one message after the other",
    "load": "webhook under load",
    "moving": "move to PostgreSQL",
}
"""Modules that offer `measure`, and what they measure."""
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


def apart(part: str, desk: Desk) -> list[Measured]:
    """`measured` in a process of its own: no part finds the memory of another one."""
    with ProcessPoolExecutor(1, get_context("spawn")) as process:
        try:
            return process.submit(measured, part, desk).result()
        except BrokenProcessPool:
            return [not_measured(part, desk, "its process died")]


def measured(part: str, desk: Desk) -> list[Measured]:
    """What this part of the bench found, or that it could not."""
    print(f"\n{desk.engine}: {PARTS[part]}", flush=True)
    try:
        if importlib.util.find_spec(f"bench.{part}") is None:
            return [not_measured(part, desk, f"there is no bench/{part}.py")]
        measure = getattr(importlib.import_module(f"bench.{part}"), "measure", None)
        return measure(desk) if measure else [not_measured(part, desk, f"bench/{part}.py offers no measure")]
    except (Exception, SystemExit) as fault:
        traceback.print_exc()
        first_line = str(fault).strip().partition("\n")[0]
        return [not_measured(part, desk, f"{type(fault).__name__}: {first_line}")]


def not_measured(part: str, desk: Desk, why: str) -> Measured:
    return Measured(PARTS[part], desk.engine, None, 0, "", why=why)


if __name__ == "__main__":
    main()
