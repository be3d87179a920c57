"""A test finds the database that others had before it as if it were new, or gets another."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import make_url

from tests.postgres import Server
from tests.reused import MOST, Reused
from tests.rows import every

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def database(postgresql_server: Server) -> Iterator[Reused]:
    database = Reused(postgresql_server)
    yield database
    database.drop()


def used(database: Reused, *statements: str) -> list[tuple]:
    """What the last of these statements of one test finds."""
    with database.lent(), database.server.connect(database.name) as connection:
        for statement in statements:
            found = connection.execute(statement)
        return found.fetchall() if found.description else []


TAG = "INSERT INTO tags (name, key, n) VALUES ('vip', 'vip', 0) RETURNING id"


def test_rows_are_gone_numbers_begin_anew_and_what_migrations_wrote_stands_again(database):
    seeded = used(database, "SELECT * FROM policy")
    first = used(database, TAG)
    name = database.name
    assert used(database, "DELETE FROM policy", TAG) == first
    assert used(database, "SELECT * FROM tags") == []
    assert used(database, "SELECT * FROM policy") == seeded != []
    assert database.name == name


def test_rows_that_no_statement_may_delete_are_gone_too(database):
    event = """INSERT INTO consent_events
        (kind, source, actor, rule_version, effect, reason, evidence_digest, occurred_at, recorded_at)
        VALUES ('policy', 'agent', 'user:1', '', 'changed', '', '', now(), now()) RETURNING id"""
    first = used(database, event)
    with pytest.raises(psycopg.Error, match="append-only"):
        used(database, event, "DELETE FROM consent_events")
    name = database.name
    assert used(database, event) == first
    used(database, "SELECT 1")
    assert database.name == name, "it was emptied, not dropped"


@every("change", [
    "CREATE TABLE mine (id int)", "ALTER TABLE tags ADD mine int", "DROP TRIGGER {trigger} ON consent_events",
    "ANALYZE tags", "CREATE INDEX mine ON tags (name)", "DROP TABLE customer_tags",
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$",
])  # fmt: skip
def test_whoever_changes_more_than_rows_leaves_no_database(database, change):
    trigger = "SELECT tgname FROM pg_trigger WHERE tgrelid = 'consent_events'::regclass AND NOT tgisinternal"
    ((found, *_), *_) = used(database, trigger)
    name = database.name
    used(database, TAG, change.format(trigger=found))
    used(database, "SELECT 1")
    assert database.name != name


def test_whoever_had_the_rows_of_an_empty_table_counted_leaves_no_database(database):
    used(database, "SELECT 1")
    name = database.name
    used(database, "ANALYZE deliveries")
    used(database, "SELECT 1")
    assert database.name != name


def test_a_transaction_that_a_test_left_open_is_not_waited_for(database):
    with database.lent():
        name, left = database.name, database.server.connect(database.name)
        left.autocommit = False
        left.execute(TAG)
    assert used(database, "SELECT * FROM tags") == []
    assert database.name != name
    left.close()


def test_whoever_only_kept_a_connection_loses_it(database):
    with database.lent():
        name, left = database.name, database.server.connect(database.name)
        left.execute("SELECT 1")
    assert used(database, "SELECT * FROM tags") == []
    assert database.name == name
    with pytest.raises(psycopg.OperationalError):
        left.execute(TAG)
    left.close()


def test_what_is_filled_in_stands_there_each_time(postgresql_server):
    def fill(url: str) -> None:
        with postgresql_server.connect(make_url(url).database) as connection:
            connection.execute(TAG)

    filled = Reused(postgresql_server, fill)
    for _ in range(2):
        assert used(filled, TAG.replace("'vip'", "'new'"), "DELETE FROM tags RETURNING id") == [(1,), (2,)]
    assert used(filled, "SELECT id, name FROM tags") == [(1, "vip")]
    filled.drop()


def test_after_so_many_tests_there_is_another(database):
    used(database, "SELECT 1")
    database.served, name = MOST - 1, database.name
    used(database, "SELECT 1")
    used(database, "SELECT 1")
    assert database.name != name
