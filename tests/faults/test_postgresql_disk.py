"""PostgreSQL's disk is full: who cannot be stored hears 503, nothing is half stored, and once there is room
again all of it is on record, without a restart."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from psycopg import sql
from psycopg.errors import DiskFull

from tests.faults.small_disk import Disk, small_disk
from tests.faults.stage import LEASES
from tests.postgres import Server, server_user

ROOM = 64 * 1024**2
ON_DISK = sql.SQL("CREATE DATABASE {} TEMPLATE migrated TABLESPACE small")
FILLING = sql.SQL("CREATE TABLE {} TABLESPACE small AS SELECT repeat('x', 1000) FROM generate_series(1, 100)")


@contextmanager
def desk_on(disk: Disk, server: Server) -> Iterator[str]:
    """A desk whose tables lie on this disk, and whose log of changes lies elsewhere."""
    folder = disk.path / "tables"
    folder.mkdir()
    server_user(str(folder))
    server.execute(sql.SQL(f"CREATE TABLESPACE {{}} LOCATION '{folder}'"), "small")
    server.execute(ON_DISK, "on_a_small_disk")
    yield server.url("on_a_small_disk")
    server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)"), "on_a_small_disk")
    server.execute(sql.SQL("DROP TABLESPACE {}"), "small")


@pytest.mark.postgres
def test_postgresql_on_a_full_disk(a_stage, postgresql_server: Server):
    with small_disk(ROOM) as disk, desk_on(disk, postgresql_server) as url:
        stage = a_stage(url)
        stage.open()
        people = stage.people(8)
        stage.launch(people, pace=4)
        before = stage.web.pid, stage.worker.pid
        with disk.full():
            with pytest.raises(DiskFull):
                postgresql_server.execute(FILLING, "more")
            stage.client.deliver(stage.a_crowd(people[4:], others=60))
            answers = dict(stage.history.answers)
        assert answers.keys() <= {200, 503}, "what fits into a page that is there is stored"
        assert answers[503] > 0
        stage.check(later=LEASES)
        assert (stage.web.pid, stage.worker.pid) == before
        stage.nursery.end_all()
        stage.forget_connections()
