"""The disk is full, or the data folder is read-only: nothing is answered 200 that is not stored, and once
that is mended it is stored without a restart."""

import os
import pwd
import resource
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.stage import Stage


def processes(stage: Stage) -> list[int]:
    return [stage.web.pid, *stage.web.children(), stage.worker.pid]


@contextmanager
def no_room(stage: Stage, size: int) -> Iterator[None]:
    """No file of these programs grows beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    for pid in processes(stage):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, before[1]))
    yield
    for pid in processes(stage):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


def test_a_full_disk(a_stage, sqlite_url):
    stage = a_stage(sqlite_url)
    stage.open()
    people = stage.people(8)
    stage.launch(people, pace=4)
    before = processes(stage)
    with no_room(stage, 4096):
        stage.client.deliver(stage.a_crowd(people[4:]))
        assert stage.history.answers == {503: 7}
    stage.check()
    assert processes(stage) == before


@pytest.fixture
def somewhere() -> Iterator[tuple[Path, int | None]]:
    """A folder, and somebody who may be kept from writing there: nobody keeps root from it."""
    folder = Path(tempfile.mkdtemp(prefix="heed-", dir="/tmp"))
    uid = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else None
    yield folder, uid
    shutil.rmtree(folder)


def give(folder: Path, uid: int | None, *, writable: bool) -> None:
    for each in [folder, *folder.rglob("*")]:
        os.chmod(each, (0o755 if writable else 0o555) if each.is_dir() else (0o644 if writable else 0o444))
        if uid is not None:
            os.chown(each, uid, uid)


def test_a_data_folder_that_is_read_only(a_stage, migrated_sqlite, somewhere):
    folder, uid = somewhere
    (folder / "data").mkdir()
    shutil.copyfile(migrated_sqlite, folder / "data" / "heed.db")
    stage = a_stage(f"sqlite:///{folder / 'data' / 'heed.db'}", folder, uid=uid)
    people = stage.people(4)
    stage.forget_connections()
    give(folder, uid, writable=True)
    give(folder / "data", uid, writable=False)
    stage.web = stage.start_web()
    stage.until(lambda: stage.client.ask("GET", "/healthz")[0] == 200, lambda: "the web part did not start")
    stage.client.deliver(stage.a_crowd(people[2:]))
    assert stage.history.answers == {503: 5}
    assert not stage.ready()
    before = stage.web.pid
    give(folder / "data", uid, writable=True)
    stage.worker = stage.start_worker()
    stage.launch(people)
    give(folder / "data", uid, writable=True)
    stage.check()
    assert stage.web.pid == before
