"""What programs take of the memory over time: resident megabytes of a process and all its children."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

SAMPLE_SECONDS = 10.0
KIB_A_MIB = 1024
SETTLED = 3
"""Of so many parts the first is left out of the slope: programs fill their caches then."""


@dataclass
class Memory:
    """Samples as (minutes, MiB), the first one at the start."""

    pid: int
    samples: list[tuple[float, float]] = field(default_factory=list)

    def sample(self) -> None:
        self.samples.append((time.monotonic() / 60, resident(self.pid)))

    @property
    def start(self) -> float:
        return self.samples[0][1]

    @property
    def end(self) -> float:
        return self.samples[-1][1]

    @property
    def slope(self) -> float:
        """MiB a minute after the first third; 0 when it was looked at too seldom."""
        late = self.samples[len(self.samples) // SETTLED :]
        if len(late) <= 1:
            return 0.0
        at, taken = zip(*late, strict=True)
        return linear_regression(at, taken).slope


@contextmanager
def watched(pid: int, every: float = SAMPLE_SECONDS) -> Iterator[Memory]:
    """Sample it in the background until the end, and then once more."""
    memory, over = Memory(pid), threading.Event()

    def look() -> None:
        while not over.wait(every):
            memory.sample()

    memory.sample()
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield memory
    finally:
        over.set()
        looking.join()
        memory.sample()


def resident(pid: int) -> float:
    """MiB of a process and its children; Linux only."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    status = Path(f"/proc/{pid}/status").read_text()
    own = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    return own / KIB_A_MIB + sum(resident(int(child)) for child in children)
