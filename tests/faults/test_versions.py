"""A migration is killed, and programs of one version meet a database of another."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.faults.programs import HEED
from tests.faults.stage import Stage
from webapp import database

ROOT = Path(__file__).resolve().parents[2]
BEFORE = "0020"


def version(url: str) -> str:
    engine = create_engine(url, **database.engine_options(url))
    with engine.connect() as connection:
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    return found


@pytest.fixture
def faults(tmp_path):
    folder = tmp_path / "faults"
    folder.mkdir()
    return folder


def initialised(url: str, faults: Path) -> int:
    """The exit code of `heed init`."""
    settings = {
        "DATABASE_URL": url, "HEED_DATA_DIR": str(faults.parent / "data"), "HEED_FAULTS": str(faults),
        "HEED_SIMULATOR": "1", "GRAPH_API_URL": "http://127.0.0.1:9/v26.0", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    return subprocess.run([sys.executable, HEED, "init"], env=os.environ | settings, check=False).returncode


def test_a_migration_killed_is_done_whole_or_not_at_all(older_url, faults):
    database.migrate(older_url, BEFORE)
    for step, left in (("migration.stored", BEFORE), ("migration.committed", database.newest_version())):
        (faults / step).write_text("1 kill")
        assert initialised(older_url, faults) == -signal.SIGKILL
        assert version(older_url) == left
    assert initialised(older_url, faults) == 0
    assert version(older_url) == database.newest_version()


def test_a_database_of_a_newer_version_is_not_taken_for_ready(stage: Stage):
    """A colleague has migrated; the older web part says so until it is replaced, and stores meanwhile."""
    with stage.app.app_context():
        set_version(stage, "9999")
        assert not stage.ready()
        set_version(stage, database.newest_version())
    stage.check()


def set_version(stage: Stage, version: str) -> None:
    engine = create_engine(stage.url, **database.engine_options(stage.url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :to"), {"to": version})
    engine.dispose()
