"""What happened to accounts is on record beside the change, and cannot be edited.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
KINDS = (
    "added", "link", "role", "name", "disabled", "enabled", "password", "second_step_on", "second_step_off",
    "second_step_reset", "recovery_codes", "sessions_ended", "session_ended", "new_browser", "token_revoked",
    "admins_need", "admins_need_not",
)  # fmt: skip
SQLITE_GUARDS = (
    """CREATE TRIGGER account_events_no_update BEFORE UPDATE ON account_events
    BEGIN SELECT RAISE(ABORT, 'account_events is append-only'); END""",
    """CREATE TRIGGER account_events_no_delete BEFORE DELETE ON account_events
    BEGIN SELECT RAISE(ABORT, 'account_events is append-only'); END""",
    """CREATE TRIGGER account_events_no_replace BEFORE INSERT ON account_events
    WHEN EXISTS (SELECT 1 FROM account_events WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'account_events is append-only'); END""",
)
POSTGRESQL_GUARDS = (
    "CREATE TRIGGER account_events_no_change BEFORE UPDATE OR DELETE ON account_events"
    " FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()",
    "CREATE TRIGGER account_events_no_truncate BEFORE TRUNCATE ON account_events"
    " FOR EACH STATEMENT EXECUTE FUNCTION refuse_ledger_change()",
)


def upgrade() -> None:
    op.create_table(
        "account_events",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=True),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.String(length=60), nullable=False),
        sa.CheckConstraint(f"kind IN ({', '.join(map(repr, KINDS))})", name=op.f("ck_account_events_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_events")),
    )
    op.create_index("ix_account_events_subject", "account_events", ["subject", "id"])
    op.create_index("ix_account_events_actor", "account_events", ["actor", "id"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_GUARDS if sqlite else POSTGRESQL_GUARDS:
        op.execute(statement)
