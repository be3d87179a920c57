"""The key of the suppressions. It lives outside the database: who has only a copy of the database can try all
numbers there are and finds none."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from flask import current_app

from webapp.config import Settings

FILE = "suppression.key"
KEY_BYTES = 32
PURPOSE = b"heed suppressions"


class WrongKey(Exception):
    """The key is gone, damaged or another one than the suppressions were made with."""

    def __init__(self) -> None:
        super().__init__(
            "Heed cannot tell who was erased: the key of the suppressions is not the one it was. Put "
            f"{FILE} back into the data folder, or HEED_SIGNING_KEY back to what it was."
        )


def read() -> bytes | None:
    """What the file holds, else derived from HEED_SIGNING_KEY; None before the first erasure without either.

    A file that is there goes first, so that HEED_SIGNING_KEY may be set later. Raises WrongKey for a damaged
    file.
    """
    settings: Settings = current_app.config["HEED"]
    try:
        return _checked((settings.data_dir / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _derived(settings.signing_key) if settings.signing_key else None
    except UnicodeDecodeError:
        raise WrongKey from None


def read_or_create() -> bytes:
    """`read`, with a file made if there is nothing."""
    return read() or _created(current_app.config["HEED"].data_dir)


def fingerprint(key: bytes) -> str:
    """What the database keeps of the key, to know it again."""
    return hmac.new(key, b"fingerprint", hashlib.sha256).hexdigest()[:32]


def hashed(key: bytes, match_key: str) -> str:
    """What the database keeps of an address. Not of its kind: a number and its WhatsApp id are one."""
    return hmac.new(key, b"address:" + match_key.encode("utf-8"), hashlib.sha256).hexdigest()


def _derived(secret: bytes) -> bytes:
    """HKDF with SHA-256 (RFC 5869): no salt, one block."""
    extracted = hmac.new(bytes(KEY_BYTES), secret, hashlib.sha256).digest()
    return hmac.new(extracted, PURPOSE + b"\x01", hashlib.sha256).digest()


def _checked(content: str) -> bytes:
    try:
        key = bytes.fromhex(content.strip())
    except ValueError:
        raise WrongKey from None
    if len(key) != KEY_BYTES:
        raise WrongKey
    return key


def _created(folder: Path) -> bytes:
    """Written whole under another name, then linked: nobody reads half a key, and of two the first counts."""
    part, file = folder / f"{FILE}.{secrets.token_hex(8)}.part", folder / FILE
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            written.write(secrets.token_hex(KEY_BYTES) + "\n")
            written.flush()
            os.fsync(written.fileno())
        os.link(part, file)
    except FileExistsError:
        pass  # another process was faster
    finally:
        part.unlink(missing_ok=True)
    sync(folder)
    return _checked(file.read_text(encoding="utf-8"))


def sync(folder: Path) -> None:
    """Make sure that a file's name in the folder survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
