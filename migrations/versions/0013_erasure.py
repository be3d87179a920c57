"""Erasure: who was erased and why, the keyed hashes that keep them off every list.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "suppression_key",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_suppression_key_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression_key")),
    )
    op.create_table(
        "suppressions",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("erased_at", INSTANT, nullable=False),
        sa.Column("lifted_at", INSTANT, nullable=True),
        _of_customer("suppressions"),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_suppressions")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        _of_customer("erasures"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["consent_events.id"],
            name=op.f("fk_erasures_event_id_consent_events"), ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("event_id", name=op.f("uq_erasures_event_id")),
    )  # fmt: skip
    for table in ("suppressions", "erasures"):
        op.create_index(f"ix_{table}_customer_id", table, ["customer_id"], unique=False)


def _of_customer(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_customer_id_customers")
    return sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=name, ondelete="RESTRICT")
