"""How many passwords one process looks at: a crowd at the sign-in page must not take the desk from others.

Each takes 64 MiB and a third of a second, so thirty at once took 2 GB, and all threads from webhooks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore

from webapp.accounts.throttle import TooManyFailures

AT_ONCE = 2
WAITING = 14
"""So many more may wait for that: fewer than half of the threads of the web part."""
A_MOMENT = timedelta(seconds=5)

_room = BoundedSemaphore(AT_ONCE + WAITING)
_turn = BoundedSemaphore(AT_ONCE)


@contextmanager
def room() -> Iterator[None]:
    """A place among those who wait. Raises TooManyFailures when there is none: come again in a moment."""
    if not _room.acquire(blocking=False):
        raise TooManyFailures(A_MOMENT)
    try:
        yield
    finally:
        _room.release()


@contextmanager
def turn() -> Iterator[None]:
    """Of those who wait, it is one's turn; hold no lock meanwhile."""
    with _turn:
        yield
