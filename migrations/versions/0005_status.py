"""The status page: dead letters that can be tried again, signals about the account, the watched webhook.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    for column in (
        sa.Column("around", sa.LargeBinary(), nullable=True),
        sa.Column("tried_at", INSTANT, nullable=True),
        sa.Column("tried_by", sa.String(length=40), nullable=True),
        sa.Column("aside_at", INSTANT, nullable=True),
        sa.Column("aside_by", sa.String(length=40), nullable=True),
        sa.Column("aside_note", sa.Text(), nullable=False, server_default=sa.text("''")),
    ):
        op.add_column("inbound_messages", column)
    op.create_table(
        "account_signals",
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("tone", sa.String(length=10), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("told_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_account_signals"),
    )
    watch = op.create_table(
        "webhook_watch",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("alarm_hours", sa.Integer(), nullable=False),
        sa.Column("heard_at", INSTANT, nullable=True),
        sa.Column("refused_at", INSTANT, nullable=True),
        sa.Column("refused_total", sa.Integer(), nullable=False),
        sa.Column("logged_for", INSTANT, nullable=True),
        sa.CheckConstraint("id = 1", name="ck_webhook_watch_one_row"),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_watch"),
    )
    op.bulk_insert(watch, [{"id": 1, "alarm_hours": 24, "refused_total": 0}])
