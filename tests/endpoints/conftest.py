"""A desk that may reach this machine, and another system that listens there."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from tests.endpoints.receiver import Receiver, receiving


@pytest.fixture
def app(app: Flask) -> Flask:
    """As HEED_ENDPOINTS_PRIVATE=1 starts it; what it enqueues is noted instead of run."""
    app.config["HEED"] = replace(app.config["HEED"], endpoints_private=True)
    app.extensions["heed-tasks"] = Noted()
    return app


class Noted(dict):
    """Takes the place of the queue's tasks: `calls` holds the name and the values of each."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[object, ...]] = []

    def __missing__(self, name: str) -> "Noted.Call":
        return Noted.Call(self, name)

    class Call:
        def __init__(self, noted: "Noted", name: str) -> None:
            self.noted, self.name = noted, name

        def __call__(self, *values: object) -> None:
            self.noted.calls.append((self.name, *values))

        def schedule(self, args: tuple[object, ...], delay: float) -> None:
            self.noted.calls.append((self.name, *args, f"in {delay:g} s"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver
