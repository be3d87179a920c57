"""The secrets of endpoints are kept locked under SECRET_KEY, and no longer as they are.

Revision ID: 0026
Revises: 0025
"""

import base64

import sqlalchemy as sa
from alembic import op
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

LOCKED = sa.String(length=200)
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
    cipher = the_cipher()
    for id, secret, old in rows:
        locked = {"locked_secret": locked_by(cipher, secret), "locked_old_secret": locked_by(cipher, old)}
        op.execute(ENDPOINTS.update().where(columns.id == id).values(**locked))


def locked_by(cipher: Fernet | None, secret: str | None) -> str | None:
    return cipher.encrypt(secret.encode()).decode() if cipher and secret else secret


def the_cipher() -> Fernet | None:
    """As Heed reads it with the same SECRET_KEY. Whoever migrates need not know it: then the worker, which
    does, locks what it finds open."""
    key = op.get_context().config.attributes["secret_key"]
    if not key:
        return None
    derived = HKDF(SHA256(), 32, salt=None, info=b"heed: endpoint").derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
