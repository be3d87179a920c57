"""Secrets that we need in clear are kept encrypted, under a key that follows from SECRET_KEY.

So whoever reads the database, or a backup of it, makes no codes. Under another SECRET_KEY nobody does.
"""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


def lock(secret: bytes) -> str:
    return _cipher().encrypt(secret).decode()


def unlock(kept: str) -> bytes | None:
    """The secret; None when it was kept under another SECRET_KEY, or was altered."""
    try:
        return _cipher().decrypt(kept)
    except InvalidToken:
        return None


def _cipher() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"heed: second step").derive(_secret_key())
    return Fernet(base64.urlsafe_b64encode(derived))


def _secret_key() -> bytes:
    return str(current_app.config["SECRET_KEY"]).encode()
