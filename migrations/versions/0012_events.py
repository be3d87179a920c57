"""The consent log and its filters, reverted batches, who was given what, and opt-ins that lapse.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("policy", sa.Column("reconfirm_months", sa.Integer(), nullable=True))
    op.add_column("batches", sa.Column("finished_at", INSTANT, nullable=True))
    op.add_column("batches", sa.Column("reverts_id", BIG_ID, nullable=True))
    op.create_index("ix_batches_reverts_id", "batches", ["reverts_id"], unique=True)
    op.drop_index("ix_consent_events_customer_id", "consent_events")
    op.create_index(
        "ix_consent_events_customer_id",
        "consent_events",
        ["customer_id", "id", "kind", "effect", "status", "recorded_at"],
    )
    op.create_index("ix_customers_created_at", "customers", ["created_at"])
    for column in ("actor", "source", "kind"):
        op.create_index(f"ix_consent_events_{column}", "consent_events", [column, "recorded_at", "id"])
    op.create_index("ix_consent_events_recorded_at", "consent_events", ["recorded_at", "id"])
    op.create_index(
        "ix_consent_events_batch_id",
        "consent_events",
        ["batch_id", "recorded_at", "id"],
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )
    op.create_table(
        "disclosures",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=True),
        sa.Column("filter", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_disclosures_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_disclosures"),
    )
    op.create_index("ix_disclosures_customer_id", "disclosures", ["customer_id"], unique=False)
