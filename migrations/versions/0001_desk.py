"""The desk: customers and identities, consent ledger, inbound messages, accounts.

Revision ID: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)

SQLITE_GUARDS = (
    """CREATE TRIGGER consent_events_no_update BEFORE UPDATE ON consent_events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER consent_events_no_delete BEFORE DELETE ON consent_events
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
    """CREATE TRIGGER consent_events_no_replace BEFORE INSERT ON consent_events
    WHEN EXISTS (SELECT 1 FROM consent_events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END""",
)
POSTGRESQL_GUARDS = (
    """CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$""",
    """CREATE TRIGGER consent_events_no_change BEFORE UPDATE OR DELETE ON consent_events
    FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()""",
    """CREATE TRIGGER consent_events_no_truncate BEFORE TRUNCATE ON consent_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()""",
)
FIRST_POLICY = """INSERT INTO policy
(id, version, keywords_enabled, opt_out_words, opt_in_words, unknown_may_receive)
VALUES (1, 1, TRUE, '["STOP"]', '["START"]', FALSE)"""


def upgrade() -> None:
    create_tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_GUARDS if sqlite else POSTGRESQL_GUARDS:
        op.execute(statement)
    op.execute(FIRST_POLICY)


def create_tables() -> None:
    op.create_table(
        "api_tokens",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'agent', 'manager', 'admin')", name="ck_api_tokens_role"),
        sa.PrimaryKeyConstraint("id", name="pk_api_tokens"),
        sa.UniqueConstraint("token_hash", name="uq_api_tokens_token_hash"),
    )
    op.create_table(
        "attribute_keys",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("type", sa.String(length=10), nullable=False),
        sa.CheckConstraint(
            "type IN ('text', 'number', 'boolean', 'date', 'time', 'datetime', 'json')",
            name="ck_attribute_keys_type",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_attribute_keys"),
        sa.UniqueConstraint("key", name="uq_attribute_keys_key"),
    )
    op.create_table(
        "batches",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_table(
        "customers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("phone_display", sa.Text(), nullable=False),
        sa.Column("tags_json", sa.JSON(), nullable=False),
        sa.Column("attrs_json", sa.JSON(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("merged_into_id", BIG_ID, nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_at", INSTANT, nullable=True),
        sa.Column("status_event_id", BIG_ID, nullable=True),
        sa.Column("opt_out_at", INSTANT, nullable=True),
        sa.Column("own_opt_out_at", INSTANT, nullable=True),
        sa.Column("own_opt_in_at", INSTANT, nullable=True),
        sa.Column("platform_stop_at", INSTANT, nullable=True),
        sa.Column("platform_resume_at", INSTANT, nullable=True),
        sa.Column("held_at", INSTANT, nullable=True),
        sa.Column("unreachable_at", INSTANT, nullable=True),
        sa.Column("erased_at", INSTANT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("events_count", sa.Integer(), nullable=False),
        sa.CheckConstraint("status IN ('opted_in', 'opted_out', 'unknown')", name="ck_customers_status"),
        sa.ForeignKeyConstraint(
            ["merged_into_id"],
            ["customers.id"],
            name="fk_customers_merged_into_id_customers",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_customers"),
    )
    op.create_index(
        "ix_customers_demo",
        "customers",
        ["id"],
        sqlite_where=sa.text("demo"),
        postgresql_where=sa.text("demo"),
    )
    op.create_index(
        "ix_customers_held",
        "customers",
        ["id"],
        sqlite_where=sa.text("held_at IS NOT NULL"),
        postgresql_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_merged_into_id",
        "customers",
        ["merged_into_id"],
        sqlite_where=sa.text("merged_into_id IS NOT NULL"),
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_opted_in",
        "customers",
        ["id"],
        sqlite_where=sa.text("status = 'opted_in'"),
        postgresql_where=sa.text("status = 'opted_in'"),
    )
    op.create_index(
        "ix_customers_opted_out",
        "customers",
        ["id"],
        sqlite_where=sa.text("status = 'opted_out'"),
        postgresql_where=sa.text("status = 'opted_out'"),
    )
    op.create_index(
        "ix_customers_stopped",
        "customers",
        ["id"],
        sqlite_where=sa.text("platform_stop_at IS NOT NULL"),
        postgresql_where=sa.text("platform_stop_at IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_unknown",
        "customers",
        ["id"],
        sqlite_where=sa.text("status = 'unknown'"),
        postgresql_where=sa.text("status = 'unknown'"),
    )
    op.create_table(
        "heartbeats",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_heartbeats"),
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("keywords_enabled", sa.Boolean(), nullable=False),
        sa.Column("opt_out_words", sa.JSON(), nullable=False),
        sa.Column("opt_in_words", sa.JSON(), nullable=False),
        sa.Column("unknown_may_receive", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("changed_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint("id = 1", name="ck_policy_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_policy"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_failures"),
    )
    op.create_index("ix_sign_in_failures_account", "sign_in_failures", ["account", "at"], unique=False)
    op.create_index("ix_sign_in_failures_address", "sign_in_failures", ["address", "at"], unique=False)
    op.create_table(
        "tags",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("key", name="uq_tags_key"),
    )
    op.create_table(
        "users",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'agent', 'manager', 'admin')", name="ck_users_role"),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
    )
    op.create_table(
        "consent_events",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=True),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("identity_id", BIG_ID, nullable=True),
        sa.Column("external_id", sa.String(length=64), nullable=True),
        sa.Column("rule_version", sa.String(length=20), nullable=False),
        sa.Column("effect", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("compensates", BIG_ID, nullable=True),
        sa.Column("batch_id", BIG_ID, nullable=True),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("evidence_digest", sa.String(length=64), nullable=False),
        sa.CheckConstraint("effect IN ('changed', 'none')", name="ck_consent_events_effect"),
        sa.CheckConstraint(
            "kind IN ('consent', 'platform_stop', 'hold', 'identity', 'policy', 'erasure')",
            name="ck_consent_events_kind",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name="fk_consent_events_batch_id_batches", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["compensates"],
            ["consent_events.id"],
            name="fk_consent_events_compensates_consent_events",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_consent_events_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consent_events"),
        sa.UniqueConstraint("compensates", name="uq_consent_events_compensates"),
        sa.UniqueConstraint(
            "customer_id", "kind", "external_id", name="uq_consent_events_customer_id_kind_external_id"
        ),
    )
    op.create_index("ix_consent_events_customer_id", "consent_events", ["customer_id", "id"], unique=False)
    op.create_table(
        "customer_attrs",
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("key_id", BIG_ID, nullable=False),
        sa.Column("val_text", sa.String(length=500), nullable=True),
        sa.Column("val_num", sa.Double(), nullable=True),
        sa.Column("val_json", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_customer_attrs_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["key_id"],
            ["attribute_keys.id"],
            name="fk_customer_attrs_key_id_attribute_keys",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("customer_id", "key_id", name="pk_customer_attrs"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_customer_attrs_num",
        "customer_attrs",
        ["key_id", "val_num", "customer_id"],
        sqlite_where=sa.text("val_num IS NOT NULL"),
        postgresql_where=sa.text("val_num IS NOT NULL"),
    )
    op.create_index(
        "ix_customer_attrs_text",
        "customer_attrs",
        ["key_id", "val_text", "customer_id"],
        sqlite_where=sa.text("val_text IS NOT NULL"),
        postgresql_where=sa.text("val_text IS NOT NULL"),
    )
    op.create_table(
        "customer_tags",
        sa.Column("tag_id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_customer_tags_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"], ["tags.id"], name="fk_customer_tags_tag_id_tags", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("tag_id", "customer_id", name="pk_customer_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_customer_tags_customer_id", "customer_tags", ["customer_id", "tag_id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("match_key", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_identities_customer_id_customers", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.UniqueConstraint("kind", "value", name="uq_identities_kind_value"),
    )
    op.create_index("ix_identities_customer_id", "identities", ["customer_id"], unique=False)
    op.create_index("ix_identities_match_key", "identities", ["match_key"], unique=False)
    op.create_table(
        "inbound_messages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=False),
        sa.Column("phone_number_id", sa.String(length=60), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", INSTANT, nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=True),
        sa.Column("customer_id", BIG_ID, nullable=True),
        sa.Column("decision", sa.String(length=20), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("rule_version", sa.String(length=20), nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_inbound_messages_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_inbound_messages"),
        sa.UniqueConstraint("key", name="uq_inbound_messages_key"),
    )
    op.create_index("ix_inbound_messages_customer_id", "inbound_messages", ["customer_id"], unique=False)
    op.create_index(
        "ix_inbound_messages_dead",
        "inbound_messages",
        ["id"],
        sqlite_where=sa.text("failure IS NOT NULL"),
        postgresql_where=sa.text("failure IS NOT NULL"),
    )
    op.create_index("ix_inbound_messages_received_at", "inbound_messages", ["received_at"], unique=False)
    op.create_table(
        "send_decisions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=True),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("allowed", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("status_event_id", BIG_ID, nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name="fk_send_decisions_customer_id_customers",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_send_decisions"),
    )
    op.create_index("ix_send_decisions_customer_id", "send_decisions", ["customer_id"], unique=False)
    op.create_table(
        "sign_in_links",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_sign_in_links_user_id_users", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_sign_in_links"),
        sa.UniqueConstraint("token_hash", name="uq_sign_in_links_token_hash"),
    )
    op.create_index("ix_sign_in_links_user_id", "sign_in_links", ["user_id"], unique=False)
    op.create_table(
        "user_sessions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_user_sessions_user_id_users", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_user_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_user_sessions_token_hash"),
    )
    op.create_index("ix_user_sessions_user_id", "user_sessions", ["user_id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("event_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("nonce", sa.LargeBinary(length=16), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("matched", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"],
            ["consent_events.id"],
            name="fk_evidence_event_id_consent_events",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_evidence"),
    )
    op.create_table(
        "holds",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("customer_id", BIG_ID, nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("occurred_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("decided_by", sa.String(length=40), nullable=True),
        sa.Column("decision", sa.String(length=10), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name="fk_holds_customer_id_customers", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["consent_events.id"], name="fk_holds_event_id_consent_events", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_holds"),
    )
    op.create_index("ix_holds_customer_id", "holds", ["customer_id"], unique=False)
    op.create_index(
        "ix_holds_open",
        "holds",
        ["id"],
        sqlite_where=sa.text("decided_at IS NULL"),
        postgresql_where=sa.text("decided_at IS NULL"),
    )
