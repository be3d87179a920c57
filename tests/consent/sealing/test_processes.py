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
def start(app):
    """Run a worker of this name in a process of its own, on the same database and folder."""
    settings = app.config["HEED"]
    environ = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.database_url,
        "HEED_DATA_DIR": str(settings.data_dir),
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


def test_a_sealer_killed_before_its_commit_leaves_nothing_behind(start):
    three_seals()
    process = start("die")
    assert process.wait(timeout=60) == -signal.SIGKILL
    assert db.session.scalars(select(Seal.size).order_by(Seal.number)).all() == [4, 8, 10]
    seal(300)
    assert db.session.scalars(select(Seal.size).order_by(Seal.number)).all() == [4, 8, 10, 11]
    assert fault() is None
