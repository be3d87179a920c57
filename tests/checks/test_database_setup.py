"""How the database is set up: what is wrong stands on Status, for those who can put it right."""

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from tests.whatsapp.deliveries import a_body
from tests.whatsapp.posting import kept, only_customer, post, says
from webapp import create_app, database
from webapp.checks import database_setup, setup
from webapp.checks.finding import Finding
from webapp.extensions import db

SOUND: dict[str, Any] = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "max_connections": 100,
    "version": 150_004, "encoding": "UTF8", "autovacuum": "on", "letters": "C.UTF-8", "trigrams": True,
}  # fmt: skip
WEB = {
    "SECRET_KEY": "a secret key of thirty-two bytes or more",
    "WHATSAPP_APP_SECRET": "an app secret",
    "WHATSAPP_VERIFY_TOKEN": "a verify token",
}
LIMITS = (
    "application_name", "jit", "lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout",
)  # fmt: skip


def of_postgresql(app, **different: Any) -> list[Finding]:
    """What is found of a server with these settings."""
    return database_setup.of_postgresql(SimpleNamespace(**SOUND | different), app.config["HEED"])


def test_nothing_is_said_of_a_server_that_is_set_up_well(app):
    assert of_postgresql(app) == []


@pytest.mark.parametrize(
    ("setting", "value", "id", "grave"),
    [
        ("fsync", "off", "fsync", True),
        ("full_page_writes", "off", "full_page_writes", True),
        ("synchronous_commit", "off", "synchronous_commit", True),
        ("encoding", "LATIN1", "encoding", True),
        ("letters", "C", "letters", False),
        ("trigrams", False, "trigrams", False),
        ("max_connections", 20, "connections", False),
        ("autovacuum", "off", "autovacuum", False),
        ("version", 120_010, "version", False),
    ],
)
def test_each_wrong_setting_is_one_sentence_with_what_to_do(app, setting, value, id, grave):
    [found] = of_postgresql(app, **{setting: value})
    assert (found.id, found.grave) == (id, grave)
    assert found.words.endswith(".")
    assert found.advice.endswith(".")


def test_the_server_is_asked_and_admins_see_it_on_status(app, desk):
    """The server of the tests is careless on purpose: it may lose everything, and is fast."""
    if db_kind(app) == "sqlite":
        assert not desk("admin").soup("/status").select("[id^=line-database-]")
        return
    shown = {line["id"] for line in desk("admin").soup("/status").select("[id^=line-database-]")}
    careless = {f"line-database-{name}" for name in ("fsync", "full_page_writes", "synchronous_commit")}
    assert careless <= shown
    assert shown <= careless | {"line-database-trigrams"}
    assert not desk("manager").soup("/status").select("[id^=line-database-]")


def test_the_log_of_the_worker_says_it_at_the_start_and_readiness_does_not_suffer(app, client, caplog):
    setup.tell(app)
    careless = db_kind(app) == "postgresql"
    assert any("fsync = on" in line for line in caplog.messages) == careless
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert ("to put right: see Status" in answer.json["setup"]) == careless


def db_kind(app) -> str:
    with app.app_context():
        return db.engine.dialect.name


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("web", "limits"),
    [(True, ("heed web", "off", "10s", "2min", "10min")), (False, ("heed", "off", "0", "0", "0"))],
)
def test_the_web_part_waits_for_locks_only_so_long_and_the_worker_as_long_as_it_takes(
    postgresql_url, tmp_path, web, limits
):
    app = create_app({"DATABASE_URL": postgresql_url, "HEED_DATA_DIR": str(tmp_path), **WEB}, web=web)
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        assert tuple(db.session.scalar(text(f"SHOW {name}")) for name in LIMITS) == limits
        db.session.remove()
        db.engine.dispose()


@pytest.mark.postgres
def test_a_webhook_that_waits_too_long_for_a_lock_is_answered_503_and_stored_when_it_comes_again(
    postgresql_url, tmp_path, monkeypatch
):
    """It is no dead letter: nothing is wrong with it."""
    monkeypatch.setattr(database, "OF_THE_WEB", ("SET lock_timeout = '50ms'",))
    app = create_app({"DATABASE_URL": postgresql_url, "HEED_DATA_DIR": str(tmp_path), **WEB})
    other = database.open_engine(postgresql_url)
    with other.begin() as somebody:
        somebody.execute(text("LOCK TABLE consent_events IN EXCLUSIVE MODE"))
        assert post(app.test_client(), a_body(says("STOP"))).status_code == 503
    other.dispose()
    with app.app_context():
        assert kept() == []
        db.session.remove()
    assert post(app.test_client(), a_body(says("STOP"))).status_code == 200
    with app.app_context():
        assert only_customer().status == "opted_out"
        db.session.remove()
        db.engine.dispose()


@pytest.mark.postgres
def test_large_tables_are_vacuumed_before_a_fifth_of_them_is_dead(postgresql_url):
    engine = database.open_engine(postgresql_url)
    with engine.connect() as connection:
        query = text("SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL")
        set_up = dict(connection.execute(query).all())
    engine.dispose()
    assert "autovacuum_vacuum_scale_factor=0.02" in set_up["customers"]
    assert "autovacuum_vacuum_scale_factor=0.02" in set_up["deliveries"]
    assert "autovacuum_analyze_scale_factor=0.01" in set_up["consent_events"]


@pytest.mark.parametrize(
    ("made_by", "now", "said"),
    [
        ("153.14", "153.120", ["collation"]),
        ("153.14", "153.14", []),
        (None, "153.14", []),
        ("153.14", None, []),
    ],
)
def test_another_order_of_letters_than_at_the_making_is_said(made_by, now, said):
    assert [found.id for found in database_setup.of_order(made_by, now)] == said


def test_sqlite_that_does_not_wait_for_the_disk_is_said(sqlite_url, tmp_path):
    app = create_app({"DATABASE_URL": sqlite_url, "HEED_DATA_DIR": str(tmp_path)}, web=False)
    with app.app_context():
        db.session.execute(text("ROLLBACK"))
        db.session.execute(text("PRAGMA synchronous=NORMAL"))
        found = database_setup.findings(db.session, app.config["HEED"])
        assert [(each.id, each.grave) for each in found] == [("synchronous", True)]
        db.session.remove()
        db.engine.dispose()
