"""The number of something that was deleted never comes again: others may have kept it. A review keeps when a
decision was made that a colleague overruled; a template, when WhatsApp stopped it. What happened to accounts
may go when it is old.

Revision ID: 0030
Revises: 0029
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLES = (
    "api_tokens", "attribute_keys", "campaigns", "endpoints", "saved_views", "segments", "tags", "users",
)  # fmt: skip
SQLITE_GUARD = """CREATE TRIGGER account_events_no_delete BEFORE DELETE ON account_events
    WHEN OLD.at > datetime('now', '-90 days')
    BEGIN SELECT RAISE(ABORT, 'account_events is append-only'); END"""
POSTGRESQL_GUARD = (
    """CREATE FUNCTION refuse_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND OLD.at < now() - interval '90 days' THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'account_events is append-only';
    END $$""",
    "DROP TRIGGER account_events_no_change ON account_events",
    "CREATE TRIGGER account_events_no_change BEFORE UPDATE OR DELETE ON account_events"
    " FOR EACH ROW EXECUTE FUNCTION refuse_account_change()",
)
KEY = "PRIMARY KEY (id)"
MADE_BY = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"
WITH_IT = "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type <> 'table' AND sql IS NOT NULL"


def upgrade() -> None:
    op.add_column("holds", sa.Column("overruled_at", INSTANT, nullable=True))
    op.add_column("templates", sa.Column("stopped_at", INSTANT, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER account_events_no_delete")
        op.execute(SQLITE_GUARD)
        for table in TABLES:  # a sequence of PostgreSQL never goes back
            make_anew(table)
    else:
        for statement in POSTGRESQL_GUARD:
            op.execute(statement)


def make_anew(table: str) -> None:
    """As SQLite says it is done where other tables refer to one (Making Other Kinds Of Table Schema Changes);
    their foreign keys are not looked at during a migration."""
    connection = op.get_bind()
    made = connection.scalar(sa.text(MADE_BY), {"table": table})
    indexes = list(connection.scalars(sa.text(WITH_IT), {"table": table}))
    head = re.compile(rf'CREATE TABLE "?{table}"?')
    connection.exec_driver_sql(
        head.sub(f"CREATE TABLE {table}_anew", made).replace(KEY, f"{KEY[:-1]} AUTOINCREMENT)")
    )
    connection.exec_driver_sql(f"INSERT INTO {table}_anew SELECT * FROM {table}")  # noqa: S608 our own names
    connection.exec_driver_sql(f"DROP TABLE {table}")
    connection.exec_driver_sql(f"ALTER TABLE {table}_anew RENAME TO {table}")
    for index in indexes:
        connection.exec_driver_sql(index)
