"""Real processes: appends go on while others seal, and a kill amid a sealing leaves no trace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.consent.sealing.sealed import fault, seal, three_seals
from tests.factories import NOON
from webapp import clock
from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import sealer
from webapp.consent.sealing.models import Seal, SealedEvent
from webapp.extensions import db

ROOT = Path(__file__).resolve().parents[3]
EVENTS = 10_000


@pytest.fixture(autouse=True)
def in_context(app):
    with app.app_context():
        yield


@pytest.fixture
def faults(tmp_path):
    """Where faults are staged for these processes."""
    folder = tmp_path / "faults"
    folder.mkdir()
    return folder


@pytest.fixture
def start(app, faults):
    """Run a worker of this name in a process of its own, on the same database and folder."""
    settings = app.config["HEED"]
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url,
        "HEED_DATA_DIR": str(settings.data_dir),
        "HEED_FAULTS": str(faults),
        "HEED_SIMULATOR": "1",
        "GRAPH_API_URL": "http://127.0.0.1:9/v26.0",
    }
    started = []

    def begin(*arguments: object) -> subprocess.Popen:
        command = [sys.executable, "-m", "tests.consent.sealing.worker", *map(str, arguments)]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_ten_thousand_events_of_two_processes_become_one_chain_while_two_others_seal(start):
    sealers = [start("seal") for _ in range(2)]
    for process in sealers:
        assert process.stdout.readline() == "sealed\n"
    writers = [start("append", EVENTS // 2) for _ in range(2)]
    assert [process.wait(timeout=60) for process in writers] == [0, 0]
    for process in sealers:
        process.communicate(timeout=60)
        assert process.returncode == 0
    seal_what_came_last()
    places, first, last = db.session.execute(
        select(func.count(), func.min(SealedEvent.position), func.max(SealedEvent.position))
    ).one()
    assert (places, first, last) == (EVENTS, 1, EVENTS)
    assert db.session.scalar(select(func.count()).select_from(ConsentEvent)) == EVENTS
    assert sealer.newest_number() > 1, "it was sealed meanwhile"
    assert fault() is None


def seal_what_came_last() -> None:
    seal((clock.now() - NOON).total_seconds())


@pytest.mark.parametrize(("step", "sizes"), [("stored", [4, 8, 10]), ("committed", [4, 8, 10, 11])])
def test_a_sealer_killed_leaves_a_whole_chain(start, faults, step, sizes):
    three_seals()
    (faults / f"seal.{step}").write_text("1 kill")
    process = start("seal")
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert db.session.scalars(select(Seal.size).order_by(Seal.number)).all() == sizes
    seal(300)
    assert db.session.scalars(select(Seal.size).order_by(Seal.number)).all() == [4, 8, 10, 11]
    assert fault() is None
