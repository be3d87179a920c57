"""Named steps at which a test has this process die as in a power cut, or stand still.

Without HEED_FAULTS, which only a desk that cannot reach WhatsApp takes (see `config`), a step is the question
whether a name is None. With it, it names a folder of the test. A file `STEP` in it, with the number of the
reach and what is to happen then ("2 kill"), is taken by whoever gets there, so it happens once, and the test
sees by the missing file that it did. A file `clock` holds seconds by which the clock is moved.
"""

import signal
import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

STEPS = frozenset({
    "webhook.signed", "group.gathered", "webhook.stored", "webhook.committed",
    "toggle.stored", "toggle.committed", "erasure.stored", "erasure.committed",
    "replay.stored", "replay.committed",
    "audience.stored", "audience.committed", "claim.stored", "claim.committed",
    "wire.ready", "wire.answered", "result.stored", "result.committed",
    "import.stored", "import.committed", "bulk.stored", "bulk.committed",
    "seal.stored", "seal.committed", "migration.stored", "migration.committed",
})  # fmt: skip
"""`stored`: written and not committed; `committed`: nobody was told of it yet."""
SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}
UNMOVED = timedelta(0)

_folder: Path | None = None
_lock = threading.Lock()
_reached: Counter[str] = Counter()


def arm(folder: Path | None) -> None:
    """From now on faults come from this folder; None: from nowhere."""
    global _folder
    _folder = folder


def reached(step: str) -> None:
    """This process is at a step. Whoever calls goes on, unless a test wants otherwise."""
    if _folder is not None:
        _meet(_folder / step)


def clock_moved_by() -> timedelta:
    if _folder is None:
        return UNMOVED
    with suppress(FileNotFoundError):
        return timedelta(seconds=float((_folder / "clock").read_text()))
    return UNMOVED


def _meet(fault: Path) -> None:
    with _lock, suppress(FileNotFoundError):
        at, _, name = fault.read_text().partition(" ")
        _reached[fault.name] += 1
        if _reached[fault.name] < int(at):
            return
        fault.unlink()
        del _reached[fault.name]
        signal.pthread_kill(threading.get_ident(), SIGNALS[name])  # this thread goes no further
