"""The secrets of an endpoint: they are kept locked, and read only to sign.

An update that ran without SECRET_KEY left them open; they sign as before until the worker has locked them.
"""

import secrets
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import or_, select

from webapp import vault
from webapp.endpoints import signing
from webapp.endpoints.models import Endpoint
from webapp.endpoints.signing import PREFIX
from webapp.extensions import db

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


def lock_open() -> None:
    """Lock what an update left open, if SECRET_KEY is known here."""
    if not current_app.config["HEED"].secret_key:  # Flask's own is made up then, for this process alone
        return
    open_ones = or_(Endpoint.locked_secret.startswith(PREFIX), Endpoint.locked_old_secret.startswith(PREFIX))
    for endpoint in db.session.scalars(select(Endpoint).where(open_ones).with_for_update()):
        endpoint.locked_secret = _locked(endpoint.locked_secret)
        endpoint.locked_old_secret = endpoint.locked_old_secret and _locked(endpoint.locked_old_secret)


def _locked(kept: str) -> str:
    return vault.lock(kept.encode(), USE) if kept.startswith(PREFIX) else kept


def _read(locked: str) -> str | None:
    if locked.startswith(PREFIX):
        return locked
    secret = vault.unlock(locked, USE)
    return None if secret is None else secret.decode()
