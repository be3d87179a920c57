"""The parts of `make bench`, each in a process of its own.

They are no part of `__main__`, for a process that is started afresh does not find there what it is to do.
"""

import importlib
import importlib.util
import traceback
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from bench.results import Desk, Measured

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
