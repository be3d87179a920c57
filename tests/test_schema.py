"""The schema: what the models say is what the migrations make, and the guards of the ledger stand."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from webapp import database, tables
from webapp.consent import policy
from webapp.consent.keywords import KeywordSet
from webapp.extensions import db

GUARDED = (
    "account_events",
    "consent_events",
    "forgotten_evidence",
    "sealed_events",
    "seals",
    "wording_versions",
)
REFUSED = {"sqlite": ("update", "delete", "replace"), "postgresql": ("change", "truncate")}
INTEGRITY = "INSERT INTO customer_search (customer_search) VALUES ('integrity-check')"
KEEPING_THE_SEARCH = {
    "sqlite": {f"customers_searched_{what}" for what in ("insert", "update", "delete")},
    "postgresql": set(),
}
NUMBERED = "SELECT name FROM sqlite_master WHERE sql LIKE '%PRIMARY KEY (id AUTOINCREMENT)%'"
TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
}


def test_models_and_migrations_agree(database_url):
    engine = database.open_engine(database_url)
    with engine.connect() as connection:
        options = {"compare_type": True, "include_name": lambda name, *_: not is_search_index(name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, tables.METADATA) == []
    engine.dispose()


def test_the_ledgers_guards_stand_after_all_migrations(database_url):
    engine = database.open_engine(database_url)
    with engine.connect() as connection:
        names = set(connection.scalars(text(TRIGGERS[engine.dialect.name])))
        refused = REFUSED[engine.dialect.name]
        guards = {f"{table}_no_{what}" for table in GUARDED for what in refused}
        assert names == guards | KEEPING_THE_SEARCH[engine.dialect.name]
    engine.dispose()


def is_search_index(name):
    """The index of searched texts is written in each engine's own words, so no model describes it."""
    return name is not None and (name.startswith("customer_search") or name == "ix_customers_search")


def test_the_searched_texts_are_indexed(database_url):
    engine = database.open_engine(database_url)
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            names = set(connection.scalars(text(TRIGGERS["sqlite"])))
            assert names >= KEEPING_THE_SEARCH["sqlite"]
            connection.execute(
                text("INSERT INTO customer_search (customer_search) VALUES ('integrity-check')")
            )
        else:
            made = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_customers_search'"
            assert "gin (search gin_trgm_ops)" in connection.scalar(text(made))
    engine.dispose()


def test_what_models_say_never_comes_again_is_numbered_so(database_url):
    kept = {
        name for name, table in tables.METADATA.tables.items() if table.kwargs.get("sqlite_autoincrement")
    }
    assert {"attribute_keys", "campaigns", "endpoints", "saved_views", "segments", "tags"} <= kept
    engine = database.open_engine(database_url)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            assert kept == set(connection.scalars(text(NUMBERED)))
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
