"""A second step at signing in; sessions remember when they were last used and when their owner was last sure.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("second_step_secret", sa.String(length=200), nullable=True),
        sa.Column("second_step_at", INSTANT, nullable=True),
        sa.Column("second_step_used", sa.BigInteger(), nullable=True),
    ):
        op.add_column("users", column)
    for name in ("seen_at", "confirmed_at"):
        op.add_column("user_sessions", sa.Column(name, INSTANT, nullable=True))
    by_link = sa.Column("by_link", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("user_sessions", by_link)
    op.create_table(
        "recovery_codes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_recovery_codes_user_id_users", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_recovery_codes"),
        sa.UniqueConstraint("code_hash", name="uq_recovery_codes_code_hash"),
    )
    op.create_index("ix_recovery_codes_user_id", "recovery_codes", ["user_id"])
    rules = op.create_table(
        "access_rules",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("admins_need_second_step", sa.Boolean(), nullable=False),
        sa.Column("changed_at", INSTANT, nullable=True),
        sa.Column("changed_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint("id = 1", name="ck_access_rules_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_access_rules"),
    )
    op.bulk_insert(rules, [{"id": 1, "admins_need_second_step": False}])
