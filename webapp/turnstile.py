"""Who writes to SQLite next: one after the other, in the order of their coming, threads and processes alike.

SQLite has one write lock and no row of those who wait for it: each looks again after a while, ever more
rarely, so whoever has waited longest gets it last, and a busy web part leaves little to the worker. Here the
threads of a process stand in a row, and the first of them takes turns with those of other processes: a lock
on one byte of a file beside the database is the turn, and a lock on another is the right to be next.

This only orders: the lock that guards the data is SQLite's own. Who has waited too long tries without a turn.
"""

import fcntl
import os
import threading
import time
from collections import deque
from pathlib import Path

TURN, NEXT = 0, 1
"""The bytes that are locked. They need not exist. Both locks end with their process, however it ends."""
LOOK_SECONDS = 0.001


class Turnstile:
    """One for each process and database."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._lock = threading.Lock()
        self._row: deque[threading.Event] = deque()

    def enter(self, seconds: float) -> bool:
        """Wait for the turn, at most so long; whether the caller has it, and has to `leave`."""
        deadline = time.monotonic() + seconds
        mine = threading.Event()
        with self._lock:
            self._row.append(mine)
            first = self._row[0] is mine
        if not first and not mine.wait(seconds) and self._gave_up(mine):
            return False
        if self._turn_of_processes(deadline):
            return True
        self._step_aside()
        return False

    def leave(self) -> None:
        """Pass the turn on to whoever waits for it."""
        self._unlock(TURN)
        self._step_aside()

    def _gave_up(self, mine: threading.Event) -> bool:
        """False when the turn came just now."""
        with self._lock:
            if self._row[0] is mine:
                return False
            self._row.remove(mine)
            return True

    def _step_aside(self) -> None:
        with self._lock:
            self._row.popleft()
            if self._row:
                self._row[0].set()

    def _turn_of_processes(self, deadline: float) -> bool:
        """Whoever has the right to be next waits for the turn; whoever had it has to be next again first."""
        try:
            if not self._locked(NEXT, deadline):
                return False
            try:
                return self._locked(TURN, deadline)
            finally:
                self._unlock(NEXT)
        except OSError:  # the file belongs to somebody else, or its disk knows no locks
            return False

    def _locked(self, byte: int, deadline: float) -> bool:
        file = self._opened()
        while True:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
                return True
            except (BlockingIOError, PermissionError):
                if time.monotonic() >= deadline:
                    return False
                time.sleep(LOOK_SECONDS)

    def _unlock(self, byte: int) -> None:
        fcntl.lockf(self._opened(), fcntl.LOCK_UN, 1, byte)

    def _opened(self) -> int:
        """Only whoever is first in the row gets here."""
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        return self._file

    def close(self) -> None:
        """Until somebody enters again."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)
