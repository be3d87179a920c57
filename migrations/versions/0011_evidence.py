"""Evidence of an opt-in: wordings with their versions, links, files.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
EMPTY = sa.text("''")
WITH_FILE = sa.text("file_sha256 IS NOT NULL")

SQLITE_GUARDS = (
    """CREATE TRIGGER wording_versions_no_update BEFORE UPDATE ON wording_versions
    BEGIN SELECT RAISE(ABORT, 'a wording that was shown is never changed'); END""",
    """CREATE TRIGGER wording_versions_no_delete BEFORE DELETE ON wording_versions
    BEGIN SELECT RAISE(ABORT, 'a wording that was shown is never changed'); END""",
    """CREATE TRIGGER wording_versions_no_replace BEFORE INSERT ON wording_versions
    WHEN EXISTS (SELECT 1 FROM wording_versions WHERE wording_id = NEW.wording_id AND version = NEW.version)
    BEGIN SELECT RAISE(ABORT, 'a wording that was shown is never changed'); END""",
)
POSTGRESQL_GUARDS = (
    """CREATE FUNCTION refuse_wording_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a wording that was shown is never changed'; END $$""",
    """CREATE TRIGGER wording_versions_no_change BEFORE UPDATE OR DELETE ON wording_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_wording_change()""",
    """CREATE TRIGGER wording_versions_no_truncate BEFORE TRUNCATE ON wording_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_wording_change()""",
)


def upgrade() -> None:
    create_tables()
    grow_evidence()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE_GUARDS if sqlite else POSTGRESQL_GUARDS:
        op.execute(statement)


def create_tables() -> None:
    op.create_table(
        "evidence_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stored_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_evidence_files"),
    )
    op.create_table(
        "wordings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("retired_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_wordings"),
        sa.UniqueConstraint("key", name="uq_wordings_key"),
    )
    op.create_table(
        "wording_versions",
        sa.Column("wording_id", BIG_ID, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("created_by", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["wording_id"],
            ["wordings.id"],
            name="fk_wording_versions_wording_id_wordings",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("wording_id", "version", name="pk_wording_versions"),
    )


def grow_evidence() -> None:
    with op.batch_alter_table("evidence") as evidence:
        evidence.add_column(sa.Column("link", sa.Text(), nullable=False, server_default=EMPTY))
        evidence.add_column(sa.Column("file_sha256", sa.String(length=64), nullable=True))
        evidence.add_column(sa.Column("file_name", sa.Text(), nullable=False, server_default=EMPTY))
        evidence.add_column(sa.Column("wording_id", BIG_ID, nullable=True))
        evidence.add_column(sa.Column("wording_version", sa.Integer(), nullable=True))
        evidence.create_foreign_key(
            op.f("fk_evidence_file_sha256_evidence_files"),
            "evidence_files",
            ["file_sha256"],
            ["sha256"],
            ondelete="RESTRICT",
        )
        evidence.create_foreign_key(
            op.f("fk_evidence_wording_id_wording_version_wording_versions"),
            "wording_versions",
            ["wording_id", "wording_version"],
            ["wording_id", "version"],
            ondelete="RESTRICT",
        )
    op.create_index(
        "ix_evidence_file_sha256",
        "evidence",
        ["file_sha256"],
        sqlite_where=WITH_FILE,
        postgresql_where=WITH_FILE,
    )
