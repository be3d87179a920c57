"""The sealed ledger: seals, what was forgotten and why, verifications; customers whose state is disputed.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
SAME_KEY = {
    "forgotten_evidence": "SELECT 1 FROM forgotten_evidence WHERE event_id = NEW.event_id",
    "sealed_events": "SELECT 1 FROM sealed_events WHERE position = NEW.position OR event_id = NEW.event_id",
    "seals": "SELECT 1 FROM seals WHERE number = NEW.number",
}
REFUSE = "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
FORGOTTEN_BEFORE = """INSERT INTO forgotten_evidence (event_id, forgotten_at, why)
SELECT id, CURRENT_TIMESTAMP, 'earlier' FROM consent_events
WHERE kind = 'hold' AND evidence_digest <> ''
AND NOT EXISTS (SELECT 1 FROM evidence WHERE evidence.event_id = consent_events.id)"""


def upgrade() -> None:
    op.add_column("customers", sa.Column("disputed_at", INSTANT, nullable=True))
    disputed = sa.text("disputed_at IS NOT NULL")
    op.create_index("ix_customers_disputed", "customers", ["id"], sqlite_where=disputed,
                    postgresql_where=disputed)  # fmt: skip
    create_tables()
    op.execute(FORGOTTEN_BEFORE)
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, same in SAME_KEY.items():
        for statement in sqlite_guards(table, same) if sqlite else postgresql_guards(table):
            op.execute(statement)


def sqlite_guards(table: str, same: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {REFUSE}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {REFUSE}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN EXISTS ({same}) {REFUSE}",
    ]


def postgresql_guards(table: str) -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()",
    ]


def create_tables() -> None:
    op.create_table(
        "ledger_origin",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=40), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_ledger_origin_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_origin"),
    )
    op.create_table(
        "sealed_events",
        sa.Column("position", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("event_id", BIG_ID, nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["consent_events.id"],
            name="fk_sealed_events_event_id_consent_events", ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("position", name="pk_sealed_events"),
        sa.UniqueConstraint("event_id", name="uq_sealed_events_event_id"),
    )  # fmt: skip
    op.create_table(
        "seals",
        sa.Column("number", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("first", BIG_ID, nullable=False),
        sa.Column("size", BIG_ID, nullable=False),
        sa.Column("latest_event_id", BIG_ID, nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chain", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sealed_at", INSTANT, nullable=False),
        sa.Column("key_id", sa.String(length=8), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_seals"),
    )
    op.create_index("ix_seals_key_id_number", "seals", ["key_id", "number"], unique=False)
    op.create_table(
        "forgotten_evidence",
        sa.Column("event_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("forgotten_at", INSTANT, nullable=False),
        sa.Column("why", sa.String(length=10), nullable=False),
        sa.CheckConstraint("why IN ('retention', 'erasure', 'earlier')", name="ck_forgotten_evidence_why"),
        sa.ForeignKeyConstraint(
            ["event_id"], ["consent_events.id"],
            name="fk_forgotten_evidence_event_id_consent_events", ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_forgotten_evidence"),
    )  # fmt: skip
    op.create_table(
        "ledger_checks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("ran_at", INSTANT, nullable=False),
        sa.Column("ran_by", sa.String(length=40), nullable=False),
        sa.Column("events", BIG_ID, nullable=False),
        sa.Column("seals", BIG_ID, nullable=False),
        sa.Column("disputed", BIG_ID, nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ledger_checks"),
    )
    op.create_index("ix_ledger_checks_ran_at", "ledger_checks", ["ran_at"], unique=False)
