"""The secrets of endpoints are kept locked under SECRET_KEY, and no longer as they are.

Revision ID: 0027
Revises: 0025
"""

import base64

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

LOCKED = sa.String(length=200)
NO_KEY = (
    "SECRET_KEY is not set, and the secrets of this desk's endpoints are to be locked with it: give this "
    "command the environment of the web part."
)
ENDPOINTS = sa.table(
    "endpoints", *map(sa.column, ("id", "secret", "old_secret", "locked_secret", "locked_old_secret"))
)
REWRITE = "ALTER TABLE endpoints ALTER COLUMN locked_secret TYPE VARCHAR(200) USING locked_secret || ''"
"""A dropped column stays in PostgreSQL's rows until they are written anew. SQLite does that by itself."""


def upgrade() -> None:
    op.add_column("endpoints", sa.Column("locked_secret", LOCKED, nullable=False, server_default=""))
    op.add_column("endpoints", sa.Column("locked_old_secret", LOCKED, nullable=True))
    lock_all()
    op.drop_column("endpoints", "secret")
    op.drop_column("endpoints", "old_secret")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(REWRITE)


def lock_all() -> None:
    columns = ENDPOINTS.c
    rows = op.get_bind().execute(sa.select(columns.id, columns.secret, columns.old_secret)).all()
    cipher = the_cipher() if rows else None
    for id, secret, old in rows:
        locked = {"locked_secret": locked_by(cipher, secret), "locked_old_secret": locked_by(cipher, old)}
        op.execute(ENDPOINTS.update().where(columns.id == id).values(**locked))


def locked_by(cipher: Fernet, secret: str | None) -> str | None:
    return cipher.encrypt(secret.encode()).decode() if secret else None


def the_cipher() -> Fernet:
    """As Heed reads it with the same SECRET_KEY."""
    key = op.get_context().config.attributes["secret_key"]
    if not key:
        raise CommandError(NO_KEY)
    derived = HKDF(SHA256(), 32, salt=None, info=b"heed: endpoint").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
