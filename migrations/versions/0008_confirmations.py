"""A confirmation after a change of consent: its texts in the settings, and what became of each.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("policy", sa.Column("confirm_since", INSTANT, nullable=True))
    op.add_column(
        "policy",
        sa.Column("confirm_in_agent_chats", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "policy", sa.Column("confirmation_texts", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
    )
    op.create_table(
        "confirmations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("message_key", sa.String(length=64), nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False, server_default=sa.text("''")),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(length=20), nullable=False, server_default=sa.text("''")),
        sa.Column("words", sa.Text(), nullable=False, server_default=sa.text("''")),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.Column("wamid", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'sending', 'sent', 'failed', 'unknown', 'skipped')",
            name=op.f("ck_confirmations_state"),
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["consent_events.id"], name=op.f("fk_confirmations_event_id_consent_events"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_confirmations_customer_id_customers"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_confirmations")),
        sa.UniqueConstraint("message_key", name=op.f("uq_confirmations_message_key")),
    )  # fmt: skip
    op.create_index("ix_confirmations_customer_id", "confirmations", ["customer_id", "decided_at"])
    op.create_index("ix_confirmations_state", "confirmations", ["state", "id"])
