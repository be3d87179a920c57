"""The schema: what the models say is what the migrations make, and the guards of the ledger stand."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from webapp import database, tables
from webapp.consent import policy
from webapp.consent.keywords import KeywordSet
from webapp.extensions import db

GUARDED = ("consent_events", "forgotten_evidence", "sealed_events", "seals", "wording_versions")
REFUSED = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "truncate")}
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def test_models_and_migrations_agree(database_url):
    engine = database.open_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.METADATA) == []
    engine.dispose()


def test_the_ledgers_guards_stand_after_all_migrations(database_url):
    engine = database.open_engine(database_url)
    with engine.connect() as connection:
        names = set(connection.scalars(text(TRIGGERS[engine.dialect.name])))
        refused = REFUSED[engine.dialect.name]
        assert names == {f"{table}_no_{what}" for table in GUARDED for what in refused}
    engine.dispose()


def test_migrating_again_changes_nothing(database_url):
    database.migrate(database_url)
    database.migrate(database_url)


def test_a_new_desk_knows_stop_and_start(app):
    with app.app_context():
        current = policy.current()
        assert policy.configured_words(current) == KeywordSet(("STOP",), ("START",))
        assert (current.keywords_enabled, current.unknown_may_receive) == (True, False)


def test_sqlite_is_opened_so_that_a_commit_survives_a_power_cut(app):
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "recursive_triggers")
            settings = {name: db.session.scalar(text(f"PRAGMA {name}")) for name in names}
            assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1,
                                "secure_delete": 1, "recursive_triggers": 1}  # fmt: skip
        else:
            assert db.session.scalar(text("SHOW server_encoding")) == "UTF8"
