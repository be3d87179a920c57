"""What costs seconds and is alike for all processes of a run of tests: the first that needs it makes it."""

import fcntl
from collections.abc import Callable
from pathlib import Path


def made_once(place: Path, make: Callable[[Path], None]) -> Path:
    """`place`, made by `make`; whoever comes meanwhile waits, and what was not finished is not taken."""
    with open(f"{place}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            draft = place.with_name(f"{place.name}.draft")
            make(draft)
            draft.rename(place)
    return place
