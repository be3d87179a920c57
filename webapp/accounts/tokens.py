"""API tokens: programs that ask the gate or record consent. The secret is shown once and kept as a digest."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from webapp.accounts.digests import digest
from webapp.accounts.models import ApiToken
from webapp.accounts.names import tidy
from webapp.accounts.roles import Role
from webapp.extensions import db

PREFIX = "heed_"


class UnfitName(ValueError):
    """The name cannot be kept; the message is a sentence that says why."""


def create(name: str, role: Role, *, actor: str, now: datetime) -> tuple[ApiToken, str]:
    """A token and its secret, which nobody can see again. Raises UnfitName."""
    name = tidy(name)
    if not name:
        raise UnfitName("Say what will use the token, such as “shop web”.")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(name=name, token_hash=digest(secret), role=role, created_at=now, created_by=actor)
    db.session.add(token)
    db.session.flush()
    return token, secret


def find(secret: str) -> ApiToken | None:
    """The token with this secret, unless it was revoked."""
    query = select(ApiToken).where(ApiToken.token_hash == digest(secret), ApiToken.revoked_at.is_(None))
    return db.session.scalar(query)


def revoke(token: ApiToken, now: datetime) -> None:
    """From the commit on no call with it is answered. A revoked token stays, for the names in the history."""
    token.revoked_at = token.revoked_at or now


def every() -> Sequence[ApiToken]:
    """Those in use first, the newest before the older."""
    return db.session.scalars(
        select(ApiToken).order_by(ApiToken.revoked_at.is_not(None), ApiToken.id.desc())
    ).all()
