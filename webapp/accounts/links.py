"""One-time sign-in links: for the first sign-in, and for people who lost their password."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import update

from webapp.accounts.digests import digest
from webapp.accounts.models import SignInLink, User
from webapp.extensions import db

LIFETIME = timedelta(minutes=15)


class UserIsDisabled(Exception):
    """No link for somebody who may not sign in."""


def create(user: User, now: datetime) -> str:
    """The token of a new link; only its digest is kept. Raises UserIsDisabled."""
    if user.disabled_at:
        raise UserIsDisabled(f"{user.email} is disabled; enable the user first.")
    token = secrets.token_urlsafe(32)
    link = SignInLink(token_hash=digest(token), user_id=user.id, created_at=now, expires_at=now + LIFETIME)
    db.session.add(link)
    db.session.flush()
    return token


def redeem(token: str, now: datetime) -> User | None:
    """Whose link this is; None when it was used, has expired or never was. It is used up by this."""
    usable = SignInLink.used_at.is_(None), SignInLink.expires_at > now
    used = update(SignInLink).where(SignInLink.token_hash == digest(token), *usable).values(used_at=now)
    user = db.session.get(User, db.session.scalar(used.returning(SignInLink.user_id)) or 0)
    return user if user and user.is_active else None


def withdraw(user: User, now: datetime) -> None:
    """Links of this user that nobody used do not work any more."""
    unused = update(SignInLink).where(SignInLink.user_id == user.id, SignInLink.used_at.is_(None))
    db.session.execute(unused.values(used_at=now))
