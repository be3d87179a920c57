"""Searching and counting a million customers along indexes.

Trigrams of the searched text: a table of FTS5 that triggers keep on SQLite, pg_trgm on PostgreSQL. The states
are counted from indexes that hold only those who are on lists.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PRESENT = "merged_into_id IS NULL AND erased_at IS NULL"
INDEX = "CREATE VIRTUAL TABLE customer_search USING fts5(search, content='customers', content_rowid='id', tokenize='trigram', detail='none')"  # noqa: E501
TRIGGERS = (
    """CREATE TRIGGER customers_searched_insert AFTER INSERT ON customers BEGIN
        INSERT INTO customer_search (rowid, search) VALUES (new.id, new.search);
    END""",
    """CREATE TRIGGER customers_searched_update AFTER UPDATE OF search ON customers
        WHEN old.search IS NOT new.search BEGIN
        INSERT INTO customer_search (customer_search, rowid, search) VALUES ('delete', old.id, old.search);
        INSERT INTO customer_search (rowid, search) VALUES (new.id, new.search);
    END""",
    """CREATE TRIGGER customers_searched_delete AFTER DELETE ON customers BEGIN
        INSERT INTO customer_search (customer_search, rowid, search) VALUES ('delete', old.id, old.search);
    END""",
)
SECURE_DELETE_SINCE = (3, 42)


def upgrade() -> None:
    _index_states()
    op.create_index(
        "ix_customer_attrs_json",
        "customer_attrs",
        ["key_id", "customer_id"],
        sqlite_where=sa.text("val_json IS NOT NULL"),
        postgresql_where=sa.text("val_json IS NOT NULL"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _index_search_sqlite()
    else:
        _index_search_postgresql()


def _index_states() -> None:
    for status in ("opted_in", "opted_out", "unknown"):
        op.drop_index(f"ix_customers_{status}", "customers")
        _partial(f"ix_customers_{status}", f"status = '{status}' AND {PRESENT}")


def _partial(name: str, where: str) -> None:
    op.create_index(name, "customers", ["id"], sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _index_search_sqlite() -> None:
    op.execute(INDEX)
    if op.get_bind().dialect.server_version_info >= SECURE_DELETE_SINCE:
        op.execute("INSERT INTO customer_search (customer_search, rank) VALUES ('secure-delete', 1)")
    op.execute("INSERT INTO customer_search (customer_search) VALUES ('rebuild')")
    for trigger in TRIGGERS:
        op.execute(trigger)


def _index_search_postgresql() -> None:
    try:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError as refusal:
        raise RuntimeError(
            "The extension pg_trgm cannot be made in this database. Install PostgreSQL's contrib package, "
            "and have its owner or a superuser run CREATE EXTENSION pg_trgm once; then run `heed init` again."
        ) from refusal
    op.execute("CREATE INDEX ix_customers_search ON customers USING gin (search gin_trgm_ops)")
