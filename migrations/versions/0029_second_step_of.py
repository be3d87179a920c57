"""Of whom the desk asks a second step: of nobody, of admins as before, or of more.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Written out: SQLite takes a check with a new column, and Alembic has no word for it."""
    op.execute(
        "ALTER TABLE access_rules ADD COLUMN second_step_from VARCHAR(10)"
        " CONSTRAINT ck_access_rules_second_step_from"
        " CHECK (second_step_from IN ('viewer', 'agent', 'manager', 'admin'))"
    )
    op.execute("UPDATE access_rules SET second_step_from = 'admin' WHERE admins_need_second_step")
    op.execute("ALTER TABLE access_rules DROP COLUMN admins_need_second_step")
