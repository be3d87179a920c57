"""Campaigns: templates, segments, deliveries, and what governs sending.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
SENDING = """INSERT INTO sending
(id, version, enabled, zone, marketing_endpoint, bucket, wait_seconds, restriction, templates_failure)
VALUES (1, 1, TRUE, 'UTC', FALSE, 0, 0, '', '')"""


def upgrade() -> None:
    create_tables()
    op.execute(SENDING)


def create_tables() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("actor", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.CheckConstraint("kind IN ('static', 'dynamic')", name="ck_segments_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.UniqueConstraint("key", name="uq_segments_key"),
    )
    op.create_table(
        "sending",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("changed_by", sa.String(length=40), nullable=True),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("window_from", sa.Integer(), nullable=True),
        sa.Column("window_until", sa.Integer(), nullable=True),
        sa.Column("rate", sa.Integer(), nullable=True),
        sa.Column("marketing_endpoint", sa.Boolean(), nullable=False),
        sa.Column("bucket", sa.Double(), nullable=False),
        sa.Column("bucket_at", INSTANT, nullable=True),
        sa.Column("wait_until", INSTANT, nullable=True),
        sa.Column("wait_seconds", sa.Integer(), nullable=False),
        sa.Column("wait_set_at", INSTANT, nullable=True),
        sa.Column("restricted_until", INSTANT, nullable=True),
        sa.Column("restriction", sa.Text(), nullable=False),
        sa.Column("templates_synced_at", INSTANT, nullable=True),
        sa.Column("templates_failed_at", INSTANT, nullable=True),
        sa.Column("templates_failure", sa.Text(), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_sending_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_sending"),
    )
    op.create_table(
        "templates",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("external_id", sa.String(length=60), nullable=True),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("coming_category", sa.String(length=40), nullable=True),
        sa.Column("coming_at", INSTANT, nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("parameter_format", sa.String(length=20), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("quality", sa.String(length=20), nullable=False),
        sa.Column("ttl_seconds", sa.Integer(), nullable=True),
        sa.Column("synced_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.UniqueConstraint("external_id", name="uq_templates_external_id"),
        sa.UniqueConstraint("name", "language", name="uq_templates_name_language"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("template_id", BIG_ID, nullable=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("pace", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("changed_by", sa.String(length=40), nullable=False),
        sa.Column("scheduled_at", INSTANT, nullable=True),
        sa.Column("missed_at", INSTANT, nullable=True),
        sa.Column("reviewed", sa.JSON(), nullable=True),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("launched_at", INSTANT, nullable=True),
        sa.Column("launched_by", sa.String(length=40), nullable=True),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("paused_at", INSTANT, nullable=True),
        sa.Column("paused_by", sa.String(length=40), nullable=True),
        sa.Column("pause_code", sa.String(length=40), nullable=False),
        sa.Column("pause_reason", sa.Text(), nullable=False),
        sa.Column("test_of_id", BIG_ID, nullable=True),
        sa.Column("pump_token", sa.String(length=32), nullable=True),
        sa.Column("pump_until", INSTANT, nullable=True),
        sa.Column("bucket", sa.Double(), nullable=False),
        sa.Column("bucket_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled', 'running', 'paused', 'finished', 'cancelled')",
            name="ck_campaigns_status",
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["templates.id"], name="fk_campaigns_template_id_templates", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["test_of_id"], ["campaigns.id"], name="fk_campaigns_test_of_id_campaigns", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_index(
        "ix_campaigns_alive",
        "campaigns",
        ["id"],
        sqlite_where=sa.text("status IN ('scheduled', 'running')"),
        postgresql_where=sa.text("status IN ('scheduled', 'running')"),
    )
    op.create_index("ix_campaigns_template_id", "campaigns", ["template_id"], unique=False)
    op.create_index("ix_campaigns_test_of_id", "campaigns", ["test_of_id"], unique=False)
    op.create_table(
        "segment_members",
        sa.Column("segment_id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_segment_members_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["segment_id"], ["segments.id"], name="fk_segment_members_segment_id_segments", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("segment_id", "customer_id", name="pk_segment_members"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_segment_members_customer_id", "segment_members", ["customer_id"], unique=False)
    op.create_table(
        "campaign_people",
        sa.Column("campaign_id", BIG_ID, nullable=False),
        sa.Column("excluded", sa.Boolean(), nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name="fk_campaign_people_campaign_id_campaigns",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_campaign_people_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("campaign_id", "excluded", "customer_id", name="pk_campaign_people"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_campaign_people_customer_id", "campaign_people", ["customer_id"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("campaign_id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("error_code", sa.Integer(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", INSTANT, nullable=True),
        sa.Column("token", sa.String(length=32), nullable=True),
        sa.Column("lease_until", INSTANT, nullable=True),
        sa.Column("wamid", sa.String(length=200), nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("delivered_at", INSTANT, nullable=True),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.Column("failed_at", INSTANT, nullable=True),
        sa.Column("settled_by", sa.String(length=40), nullable=True),
        sa.Column("settled_why", sa.Text(), nullable=False),
        sa.Column("after_opt_out", sa.Boolean(), nullable=False),
        sa.Column("gate_category", sa.String(length=20), nullable=True),
        sa.Column("gate_status", sa.String(length=10), nullable=True),
        sa.Column("gate_event_id", BIG_ID, nullable=True),
        sa.Column("gate_stopped", sa.Boolean(), nullable=True),
        sa.Column("gate_held", sa.Boolean(), nullable=True),
        sa.Column("gate_unknown_allowed", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'unknown', 'cancelled', "
            "'suppressed')",
            name="ck_deliveries_state",
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name="fk_deliveries_campaign_id_campaigns", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_deliveries_customer_id_customers", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("campaign_id", "customer_id", name="uq_deliveries_campaign_id_customer_id"),
    )
    op.create_index(
        "ix_deliveries_campaign_id_state", "deliveries", ["campaign_id", "state", "id"], unique=False
    )
    op.create_index("ix_deliveries_customer_id", "deliveries", ["customer_id"], unique=False)
    op.create_index(
        "ix_deliveries_sending",
        "deliveries",
        ["lease_until"],
        sqlite_where=sa.text("state = 'sending'"),
        postgresql_where=sa.text("state = 'sending'"),
    )
    op.create_index(
        "ix_deliveries_sent",
        "deliveries",
        ["sent_at"],
        sqlite_where=sa.text("state = 'sent'"),
        postgresql_where=sa.text("state = 'sent'"),
    )
    op.create_index(
        "ix_deliveries_wamid",
        "deliveries",
        ["wamid"],
        sqlite_where=sa.text("wamid IS NOT NULL"),
        postgresql_where=sa.text("wamid IS NOT NULL"),
    )
