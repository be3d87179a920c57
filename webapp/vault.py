"""Secrets that we need in clear are kept encrypted, under keys that follow from SECRET_KEY: one for each use.

So whoever reads the database, or a backup of it, makes no codes and signs nothing. Under another SECRET_KEY
nobody does.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


def lock(secret: bytes, use: str) -> str:
    return _cipher(use).encrypt(secret).decode()


def unlock(kept: str, use: str) -> bytes | None:
    """The secret; None when it was kept for another use or under another SECRET_KEY, or was altered."""
    try:
        return _cipher(use).decrypt(kept)
    except InvalidToken:
        return None


def _cipher(use: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=f"heed: {use}".encode()).derive(_secret_key())
    return Fernet(base64.urlsafe_b64encode(derived))


def _secret_key() -> bytes:
    return str(current_app.config["SECRET_KEY"]).encode()
