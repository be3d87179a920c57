"""The number of something that was deleted never comes again: others may have kept it. A review keeps when a
decision was made that a colleague overruled; a template, when WhatsApp stopped it.

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
KEY = "PRIMARY KEY (id)"
MADE_BY = "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table"
WITH_IT = "SELECT sql FROM sqlite_master WHERE tbl_name = :table AND type <> 'table' AND sql IS NOT NULL"


def upgrade() -> None:
    """A sequence of PostgreSQL never goes back."""
    op.add_column("holds", sa.Column("overruled_at", INSTANT, nullable=True))
    op.add_column("templates", sa.Column("stopped_at", INSTANT, nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            make_anew(table)


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
