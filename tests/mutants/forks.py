"""Something done in a fork of this process, which may break whatever it likes."""

import gc
import os
import signal
from collections.abc import Callable

from tests.reused import Reused

Tell = Callable[[str], None]


def told_by_fork(work: Callable[[Tell], None]) -> list[str]:
    """The lines that `work` told before its process ended, however it did."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            work(lambda line: _write(writing, f"{line}\n"))
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as pipe:
        lines = pipe.read().splitlines()
    os.waitpid(child, 0)
    return lines


def _write(to: int, line: str) -> None:
    os.write(to, line.encode())


def end_after(seconds: float) -> None:
    """End this process in so many seconds, unless it is told another number before."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(seconds) + 1)


def be_quiet() -> None:
    """What is printed from now on goes nowhere."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)


def left_databases() -> list[Reused]:
    """Those of PostgreSQL, emptied of connections: a fork must not speak on one that others have."""
    databases = [one for one in gc.get_objects() if type(one) is Reused]
    for database in databases:
        database.drop()
        while database.server.kept:
            database.server.kept.pop().close()
    return databases
