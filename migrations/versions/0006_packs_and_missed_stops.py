"""Word packs, texts that came while the keywords were off, and how long texts are kept.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("policy", sa.Column("packs", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.add_column(
        "policy", sa.Column("inbound_days", sa.Integer(), nullable=False, server_default=sa.text("90"))
    )
    op.create_table(
        "keyword_packs",
        sa.Column("key", sa.String(length=30), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("opt_out_words", sa.JSON(), nullable=False),
        sa.Column("opt_in_words", sa.JSON(), nullable=False),
        sa.Column("imported_at", INSTANT, nullable=False),
        sa.Column("imported_by", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_keyword_packs"),
    )
    op.add_column("inbound_messages", sa.Column("missed", sa.String(length=10), nullable=True))
    op.create_index(
        "ix_inbound_messages_missed",
        "inbound_messages",
        ["missed", "id"],
        sqlite_where=sa.text("missed IS NOT NULL"),
        postgresql_where=sa.text("missed IS NOT NULL"),
    )
