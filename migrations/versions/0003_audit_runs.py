"""The auditor's runs, and the attempts to shorten a template's time to live.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "audit_runs",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("ran_at", INSTANT, nullable=False),
        sa.Column("ran_by", sa.String(length=40), nullable=False),
        sa.Column("checked", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_runs"),
    )
    op.create_index("ix_audit_runs_ran_at", "audit_runs", ["ran_at"], unique=False)
    op.add_column("sending", sa.Column("restriction_told_at", INSTANT, nullable=True))
    op.add_column("templates", sa.Column("ttl_tried_at", INSTANT, nullable=True))
    op.add_column(
        "templates", sa.Column("ttl_failure", sa.Text(), nullable=False, server_default=sa.text("''"))
    )
