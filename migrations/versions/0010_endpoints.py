"""Endpoints: other systems that want the desk's events.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
OUTBOX = """INSERT INTO outbox (id, settled_id, fence_holders)
SELECT 1, COALESCE(MAX(id), 0), '[]' FROM consent_events"""


def upgrade() -> None:
    create_endpoints()
    create_outbox()
    op.execute(OUTBOX)


def create_endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("types", sa.JSON(), nullable=False),
        sa.Column("with_phone", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("old_secret", sa.String(length=100), nullable=True),
        sa.Column("old_secret_until", INSTANT, nullable=True),
        sa.Column("cursor", BIG_ID, nullable=False),
        sa.Column("notes_cursor", BIG_ID, nullable=False),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("off_at", INSTANT, nullable=True),
        sa.Column("off_reason", sa.Text(), nullable=False),
        sa.Column("lease_token", sa.String(length=16), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
    )
    op.create_table(
        "endpoint_messages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("endpoint_id", BIG_ID, nullable=False),
        sa.Column("webhook_id", sa.String(length=60), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("tried_at", INSTANT, nullable=True),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'delivered', 'failed', 'dropped')", name=op.f("ck_endpoint_messages_state")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"],
            name=op.f("fk_endpoint_messages_endpoint_id_endpoints"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoint_messages")),
    )  # fmt: skip
    op.create_index("ix_endpoint_messages_created_at", "endpoint_messages", ["created_at"], unique=False)
    op.create_index("ix_endpoint_messages_endpoint_id", "endpoint_messages", ["endpoint_id", "id"])
    op.create_index(
        "ix_endpoint_messages_waiting",
        "endpoint_messages",
        ["endpoint_id", "id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settled_id", BIG_ID, nullable=False),
        sa.Column("fence_id", BIG_ID, nullable=True),
        sa.Column("fence_holders", sa.JSON(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_outbox_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    op.create_table(
        "suppression_notes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("delivery_id", BIG_ID, nullable=False),
        sa.Column("noted_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"],
            name=op.f("fk_suppression_notes_delivery_id_deliveries"), ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppression_notes")),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_suppression_notes_delivery_id")),
    )  # fmt: skip
    op.create_index("ix_suppression_notes_noted_at", "suppression_notes", ["noted_at"], unique=False)
