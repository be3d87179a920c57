"""Batches tell how far they are, and keep what they changed of customers besides the consent.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("batches", sa.Column("total", sa.BigInteger(), nullable=True))
    op.add_column("batches", sa.Column("done", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("batches", sa.Column("cancelled_at", INSTANT, nullable=True))
    op.add_column("batches", sa.Column("failed_why", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "batch_changes",
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("created", sa.Boolean(), nullable=False),
        sa.Column("change", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_batch_changes_customer_id_customers"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
            name=op.f("fk_batch_changes_batch_id_batches"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("customer_id", "batch_id", name=op.f("pk_batch_changes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_batch_changes_batch_id", "batch_changes", ["batch_id", "customer_id"])
