"""Changes of many customers at once: who is still to be reached, and how far each of them is.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "batch_runs",
        sa.Column("batch_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=32), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("what", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.BigInteger(), nullable=False),
        sa.Column("on_the_way", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.JSON(none_as_null=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_runs_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_runs")),
        sa.UniqueConstraint("key", name=op.f("uq_batch_runs_key")),
    )
    op.create_table(
        "bulk_members",
        sa.Column("batch_id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_bulk_members_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_bulk_members_customer_id_customers"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("batch_id", "customer_id", name=op.f("pk_bulk_members")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_bulk_members_customer_id"), "bulk_members", ["customer_id"])
