"""The key that signs checkpoints. It lives outside the database, whose owner must not be able to sign."""

import base64
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from webapp.config import ConfigError, Settings
from webapp.consent.sealing.notes import public_bytes

FILE = "signing.key"
KEY_BYTES = 32


def signing_key(settings: Settings) -> Ed25519PrivateKey:
    """HEED_SIGNING_KEY, else the file in the data folder, which is made when there is none.

    Raises ConfigError for a file that holds no key.
    """
    raw = settings.signing_key or _read(settings.data_dir) or _make(settings.data_dir)
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_key(settings: Settings) -> bytes | None:
    """Whose signatures this desk makes now; None before the first. Raises ConfigError."""
    raw = settings.signing_key or _read(settings.data_dir)
    return public_bytes(Ed25519PrivateKey.from_private_bytes(raw)) if raw else None


def _read(folder: Path) -> bytes | None:
    try:
        content = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise ConfigError(f"{FILE} in the data folder cannot be read ({type(problem).__name__}).") from None
    try:
        key = base64.b64decode(content.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{FILE} in the data folder is not 32 bytes in base64.")
    return key


def _make(folder: Path) -> bytes:
    """Written whole under another name first, so that a crash leaves no half of a key; who comes second takes
    the key of who came first."""
    draft = folder / f"{FILE}.{secrets.token_hex(4)}"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode() + "\n")
        file.flush()
        os.fsync(handle)
    try:
        os.link(draft, folder / FILE)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    key = _read(folder)
    if key is None:
        raise ConfigError(f"{FILE} vanished from the data folder.")
    return key
