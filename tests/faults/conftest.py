"""A stage on either database, with a WhatsApp that answers as a test wants."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.fakes import ScriptedGraph
from tests.faults.programs import Nursery, nursery
from tests.faults.stage import Stage
from webapp.database import is_sqlite


@pytest.fixture(scope="session")
def opened_nursery() -> Iterator[Nursery]:
    with nursery() as opened:
        yield opened


@pytest.fixture
def graph() -> Iterator[ScriptedGraph]:
    with ScriptedGraph() as server:
        yield server


@pytest.fixture
def a_stage(opened_nursery: Nursery, graph: ScriptedGraph, tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    """`a_stage(url)`: a desk on this database whose programs are not started yet; `queue=` a place of its own
    for tasks."""
    made: list[Stage] = []

    def build(url: str, folder: Path = tmp_path, **how: Any) -> Stage:
        if not is_sqlite(url):
            keep_what_is_committed(url)
        made.append(Stage(url, folder, graph, free_port(), nursery=opened_nursery, **how))
        return made[-1]

    yield build
    opened_nursery.end_all()
    for stage in made:
        stage.forget_connections()


@pytest.fixture
def stage(a_stage: Callable[..., Stage], database_url: str) -> Stage:
    """A desk that runs."""
    stage = a_stage(database_url)
    stage.open()
    return stage


def keep_what_is_committed(url: str) -> None:
    """As a real server does; that of the tests would lose the last commits when it crashes."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = connection.scalar(text("SELECT quote_ident(current_database())"))
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = on"))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
