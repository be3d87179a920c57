"""A desk that was restored or copied knows it: where it lives, from which backup it came, whose stops it
waits for.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("sending", sa.Column("place", sa.String(length=64), nullable=True))
    op.add_column("sending", sa.Column("restored_from", INSTANT, nullable=True))
    op.create_table(
        "unclaimed_stops",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("stop", sa.String(length=20), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("claimed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("hash", "stop", name=op.f("pk_unclaimed_stops")),
    )
    op.create_table(
        "restores",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("backup_at", INSTANT, nullable=False),
        sa.Column("restored_at", INSTANT, nullable=False),
        sa.Column("journal_mark", sa.String(length=64), nullable=False),
        sa.Column("found", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=True),
        sa.Column("confirmed_by", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restores")),
    )
