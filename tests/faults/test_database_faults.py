"""The database is locked, gone, restarted, or breaks off at a COMMIT: 503, nothing lost, and on it goes."""

import tempfile
from pathlib import Path

import pytest

from tests.faults.load import load
from tests.faults.proxy import Proxy
from tests.faults.stage import LEASES, Stage
from tests.postgres import Server
from webapp.database import sqlite_module


def pids(stage: Stage) -> tuple[int, int]:
    return stage.web.pid, stage.worker.pid


def test_sqlite_locked_by_another_process(a_stage, sqlite_url):
    """Whoever writes is told to come again, whoever reads reads, and the campaign waits."""
    stage = a_stage(sqlite_url)
    stage.open()
    stage.sign_in("agent")
    people = stage.people(6)
    stage.launch(people, pace=2)
    other = sqlite_module().connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    crowd = stage.a_crowd(people[3:], others=2)
    stage.client.deliver(crowd)
    assert {status for word in crowd for _, status in word.answers} == {503}
    assert stage.client.ask("GET", "/opt-in")[0] == 200
    before = pids(stage)
    other.execute("ROLLBACK")
    other.close()
    stage.check(later=LEASES)
    assert pids(stage) == before


@pytest.mark.postgres
def test_postgresql_stopped_and_started(a_stage, postgresql_server: Server, postgresql_url):
    """A crash of the server, which comes back later; web and worker go on without a restart."""
    stage = a_stage(postgresql_url)
    stage.open()
    stage.sign_in("agent")
    people = stage.people(8)
    stage.launch(people, pace=4)
    before = pids(stage)
    stage.until(lambda: stage.graph.requests, lambda: "nothing is sent")
    stage.forget_connections()
    postgresql_server.stop("immediate")
    try:
        stage.client.deliver(stage.a_crowd(people[5:]))
        status, page = stage.client.ask("GET", "/opt-in")
        assert (status, "The database is busy or out of reach" in page) == (503, True)
        assert stage.client.ask("GET", "/readyz")[0] == 503
        assert stage.client.ask("GET", "/healthz")[0] == 200
    finally:
        postgresql_server.start()
    assert stage.history.answers[503] == 6
    stage.check(later=LEASES)
    assert pids(stage) == before


@pytest.mark.postgres
def test_postgresql_restarted_under_load(a_stage, postgresql_server: Server, postgresql_url):
    stage = a_stage(postgresql_url)
    stage.open()
    people = stage.people(8)
    stage.launch(people, pace=4)
    before = pids(stage)
    stage.until(lambda: stage.graph.requests, lambda: "nothing is sent")
    stage.forget_connections()
    with load(stage):
        postgresql_server.stop("fast")
        postgresql_server.start()
    stage.client.deliver(stage.a_crowd(people[5:]))
    stage.check(later=LEASES)
    assert pids(stage) == before


@pytest.mark.postgres
@pytest.mark.parametrize("program", ["gunicorn", "heed"])
def test_connections_cut_amid_a_commit(a_stage, postgresql_server: Server, postgresql_url, tmp_path, program):
    """Whether it was done nobody knows: a webhook is answered 503, comes again and counts once; what the pump
    claimed may be unknown and is not sent twice."""
    with (
        tempfile.TemporaryDirectory(prefix="heed-", dir="/tmp") as place,
        Proxy(postgresql_server.folder, Path(place)) as proxy,
    ):
        stage = a_stage(postgresql_url, queue=f"sqlite:///{tmp_path / 'tasks.db'}")
        stage.urls[program] = postgresql_url.replace(postgresql_server.folder, place)
        stage.open()
        for where in ("before", "after"):
            people = stage.people(6)
            proxy.cuts = [where, "", where]
            stage.launch(people)
            stage.client.deliver(stage.a_crowd(people[3:]))
            stage.until(lambda: not proxy.cuts, lambda: f"{proxy.cuts} are left")
            stage.check(later=LEASES)
        assert proxy.cut == 4
        assert program == "heed" or stage.history.answers[503] > 0
        stage.nursery.end_all()
