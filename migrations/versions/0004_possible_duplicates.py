"""Customers who may be one person.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "possible_duplicates",
        sa.Column("older_id", BIG_ID, nullable=False),
        sa.Column("newer_id", BIG_ID, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("dismissed_at", INSTANT, nullable=True),
        sa.Column("dismissed_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint("older_id < newer_id", name=op.f("ck_possible_duplicates_order")),
        sa.ForeignKeyConstraint(
            ["older_id"], ["customers.id"],
            name=op.f("fk_possible_duplicates_older_id_customers"), ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["newer_id"], ["customers.id"],
            name=op.f("fk_possible_duplicates_newer_id_customers"), ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("older_id", "newer_id", name=op.f("pk_possible_duplicates")),
    )  # fmt: skip
    op.create_index("ix_possible_duplicates_newer_id", "possible_duplicates", ["newer_id"], unique=False)
