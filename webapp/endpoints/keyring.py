"""The secrets of an endpoint: they are kept locked, and read only to sign."""

import secrets
from datetime import datetime, timedelta

from webapp import vault
from webapp.endpoints import signing
from webapp.endpoints.models import Endpoint

USE = "endpoint"
"""Of the vault: it names the key, so another name reads nothing that was kept."""
BOTH_SIGN = timedelta(hours=24)
"""For so long after a rotation the old secret signs, too."""


def give_new(endpoint: Endpoint) -> str:
    """A secret in the place of the one that it has; nobody can read the new one but now."""
    secret = signing.secret_of(secrets.token_bytes(signing.SECRET_BYTES))
    endpoint.locked_secret = vault.lock(secret.encode(), USE)
    return secret


def rotate(endpoint: Endpoint, now: datetime) -> str:
    """A new secret; the one before it goes on signing for a while, if it can be read."""
    endpoint.locked_old_secret = endpoint.old_secret_until = None
    if is_readable(endpoint):
        endpoint.locked_old_secret, endpoint.old_secret_until = endpoint.locked_secret, now + BOTH_SIGN
    return give_new(endpoint)


def is_readable(endpoint: Endpoint) -> bool:
    """Not after SECRET_KEY was changed; then nothing is sent, as nobody could believe it."""
    return _read(endpoint.locked_secret) is not None


def signing_now(endpoint: Endpoint, now: datetime) -> tuple[str, ...]:
    """The secrets that sign: none when the present one cannot be read; for a while after a rotation the old
    one, too."""
    present = _read(endpoint.locked_secret)
    if present is None:
        return ()
    both = endpoint.old_secret_until is not None and now < endpoint.old_secret_until
    old = _read(endpoint.locked_old_secret or "") if both else None
    return (present, old) if old else (present,)


def _read(locked: str) -> str | None:
    secret = vault.unlock(locked, USE)
    return None if secret is None else secret.decode()
