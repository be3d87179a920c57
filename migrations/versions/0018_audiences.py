"""A campaign says when its whole audience was written down: a large one is written in parts.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("audience_done_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE campaigns SET audience_done_at = launched_at WHERE launched_at IS NOT NULL")
