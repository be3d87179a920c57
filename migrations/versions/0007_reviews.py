"""What waits for a person besides holds: messages without words and signups; notes, and what tipped each.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
EMPTY = sa.text("''")


def upgrade() -> None:
    op.add_column("holds", sa.Column("kind", sa.String(length=10), nullable=False, server_default="hold"))
    op.add_column("holds", sa.Column("matched", sa.Text(), nullable=False, server_default=EMPTY))
    op.add_column("holds", sa.Column("recorded_at", INSTANT, nullable=True))
    op.add_column("holds", sa.Column("note", sa.Text(), nullable=False, server_default=EMPTY))
    op.add_column("holds", sa.Column("noted_by", sa.String(length=40), nullable=True))
    op.add_column("holds", sa.Column("noted_at", INSTANT, nullable=True))
    op.add_column("holds", sa.Column("overruled_by", sa.String(length=40), nullable=True))
    op.execute(
        "UPDATE holds SET"
        " recorded_at = (SELECT recorded_at FROM consent_events WHERE consent_events.id = holds.event_id),"
        " matched = COALESCE((SELECT matched FROM evidence WHERE evidence.event_id = holds.event_id), '')"
    )
    with op.batch_alter_table("holds") as holds:
        holds.alter_column("recorded_at", existing_type=INSTANT, nullable=False)
        holds.alter_column("event_id", existing_type=BIG_ID, nullable=True)
        holds.create_check_constraint(op.f("ck_holds_kind"), "kind IN ('hold', 'listen', 'signup')")
        holds.create_check_constraint(op.f("ck_holds_on_record"), "kind <> 'hold' OR event_id IS NOT NULL")
    op.create_index("ix_holds_decided_at", "holds", ["decided_at"], unique=False)
