"""Whoever moved to another number is no longer written to at the old one, which may be a stranger's.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("identities", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
