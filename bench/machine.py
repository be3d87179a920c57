"""On what a bench ran, in words; nothing that tells which machine it was."""

import os
import platform
from pathlib import Path

from webapp import database

GIB = 1024**3
VIRTUAL = ("vd", "xvd")
"""How Linux calls disks of a virtual machine."""


def described(folder: str) -> str:
    """As it is now; `folder` is where the desks lie."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    return (
        f"{os.cpu_count()} processors ({_processor()}), {memory:.0f} GiB memory, disk {_disk(folder)}, "
        f"load {os.getloadavg()[0]:.1f} at the start"
    )


def versions() -> str:
    return f"Python {platform.python_version()}, SQLite {database.sqlite_module().sqlite_version}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _disk(folder: str) -> str:
    """By what Linux says of the device that the folder is on; of a virtual one it does not know."""
    device = os.stat(folder).st_dev
    place = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if place.name.startswith(VIRTUAL):
        return "virtual"
    for part in (place, place.parent):
        turns = part / "queue" / "rotational"
        if turns.exists():
            return "turning" if turns.read_text().strip() == "1" else "solid-state"
    return "of an unknown kind"
