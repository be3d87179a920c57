"""Words that keep coming while something else happens."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.stage import Stage


@contextmanager
def load(stage: Stage) -> Iterator[None]:
    """One crowd after the other, as long as this lasts."""
    over = threading.Event()

    def come() -> None:
        while not over.wait(0.1):
            stage.client.deliver(stage.a_crowd([], others=4))

    coming = threading.Thread(target=come)
    coming.start()
    try:
        yield
    finally:
        over.set()
        coming.join()
