"""Programs of a desk as processes: started quickly, watched by their number, ended surely."""

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GUNICORN, HEED = (str(Path(sys.executable).with_name(name)) for name in ("gunicorn", "heed"))


@dataclass
class Program:
    """A process that leads a group of its own."""

    pid: int
    log: Path
    _handle: int = field(init=False)

    def __post_init__(self) -> None:
        self._handle = os.pidfd_open(self.pid)

    def lives(self) -> bool:
        return not self.ended(0)

    def ended(self, seconds: float) -> bool:
        """Whether it is over within so many seconds."""
        watch = select.poll()
        watch.register(self._handle, select.POLLIN)
        return bool(watch.poll(seconds * 1000))

    def signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """It and all that it started, as in a power cut."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        assert self.ended(10)

    def children(self) -> list[int]:
        return [int(pid) for pid in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()]


class Nursery:
    """See `tests.faults.nursery`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self._started: list[Program] = []

    def start(self, argv: list[str], env: dict[str, str], log: Path, uid: int | None = None) -> Program:
        wish = {"argv": argv, "env": {**env, "PYTHONPATH": str(ROOT)}, "log": str(log), "uid": uid}
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        program = Program(int(self._process.stdout.readline()), log)
        self._started.append(program)
        return program

    def end_all(self) -> None:
        for program in self._started:
            program.signal(signal.SIGCONT)
            program.kill()
        self._started.clear()

    def close(self) -> None:
        self.end_all()
        self._process.communicate()


@contextmanager
def nursery() -> Iterator[Nursery]:
    opened = Nursery()
    try:
        yield opened
    finally:
        opened.close()
