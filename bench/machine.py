"""On what a bench ran, in words; nothing that tells which machine it was."""

import os
import platform
from collections.abc import Iterator
from pathlib import Path

from webapp import database

GIB = 1024**3
_UNKNOWN = "of an unknown kind"


def described(folder: str, postgresql: str) -> Iterator[str]:
    """Lines; `folder` is where the desks lie, `postgresql` the version that its server told."""
    load = os.getloadavg()[0]
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    yield f"{os.cpu_count()} processors ({_processor()}), {pages * size / GIB:.0f} GiB memory"
    yield f"Disk {_disk(folder)}; load at the start {load:.1f}"
    sqlite = database.sqlite_module().sqlite_version
    yield f"Python {platform.python_version()}, SQLite {sqlite}, PostgreSQL {postgresql or 'not started'}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _disk(folder: str) -> str:
    """By what Linux says of the device that the folder is on."""
    device = os.stat(folder).st_dev
    place = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    for part in (place, place.parent):
        turns = part / "queue" / "rotational"
        if turns.exists():
            return "turning" if turns.read_text().strip() == "1" else "solid-state or virtual"
    return "memory" if os.major(device) == 0 and str(folder).startswith("/dev/shm") else _UNKNOWN
