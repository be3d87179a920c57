"""Deliveries that wait at the same time are stored together: one transaction, one commit, then the answers.

Whoever finds nobody storing stores at once, so a delivery that comes alone waits for nothing. Those that
come meanwhile wait in a row; when the transaction has ended, the first of them stores the next group. Nobody
is told anything before the commit of their group, so a crash answers none.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from webapp import fault_points
from webapp.database import OUT_OF_REACH
from webapp.whatsapp.inbound import faults

MOST_TOGETHER = 64
MOST_BYTES = 512 * 1024
"""Of a group: a transaction holds SQLite's only write lock, so deliveries that are large go alone."""
Stored = TypeVar("Stored")


class NotStored(Exception):
    """The database is out of reach: send it again. The message is the kind of fault."""


@dataclass
class _Waiting:
    raw: bytes
    turn: threading.Event = field(default_factory=threading.Event)
    """Set when this delivery is stored, or not, or is to store the next group."""
    done: bool = False
    problem: Exception | None = None


class GroupCommit(Generic[Stored]):
    """One for each process; `store` is called by all its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._row: deque[_Waiting] = deque()
        self._busy = False

    def store(self, raw: bytes, commit: Callable[[Sequence[bytes]], Stored]) -> Stored | None:
        """Have a delivery stored; `commit` stores and commits a group, or nothing of it.

        What `commit` returned, for the one who called it; None for those who came with them. Raises NotStored
        when the database is out of reach, and what `commit` raises for this delivery alone.
        """
        mine = _Waiting(raw)
        if not self._leads(mine):
            mine.turn.wait()
        stored = None if mine.done else self._lead(commit)
        if mine.problem:
            raise mine.problem
        return stored

    def _leads(self, mine: _Waiting) -> bool:
        with self._lock:
            self._row.append(mine)
            leads, self._busy = not self._busy, True
            return leads

    def _lead(self, commit: Callable[[Sequence[bytes]], Stored]) -> Stored | None:
        """Store those at the head of the row, who are the caller and some behind."""
        group = self._next()
        fault_points.reached("group.gathered")
        try:
            return _stored(group, commit)
        finally:
            self._hand_on()
            for waiting in group:
                if not waiting.done:  # the process is about to end: nobody may be told that it is stored
                    waiting.done, waiting.problem = True, NotStored("interrupted")
                waiting.turn.set()

    def _next(self) -> list[_Waiting]:
        with self._lock:
            group = [self._row.popleft()]
            room = MOST_BYTES - len(group[0].raw)
            while self._row and len(group) < MOST_TOGETHER and len(self._row[0].raw) <= room:
                room -= len(self._row[0].raw)
                group.append(self._row.popleft())
            return group

    def _hand_on(self) -> None:
        with self._lock:
            self._busy = bool(self._row)
            if self._row:
                self._row[0].turn.set()


def _stored(group: list[_Waiting], commit: Callable[[Sequence[bytes]], Stored]) -> Stored | None:
    """Store them in one transaction; when that fails and the database is there, each in its own."""
    try:
        stored = commit([waiting.raw for waiting in group])
    except OUT_OF_REACH as problem:
        for waiting in group:
            waiting.done, waiting.problem = True, NotStored(type(problem).__name__)
        return None
    except Exception as problem:
        faults.let_go(problem)
        if len(group) == 1:
            group[0].done, group[0].problem = True, problem
            return None
        own, *_ = [_stored([waiting], commit) for waiting in group]
        return own
    for waiting in group:
        waiting.done = True
    return stored
