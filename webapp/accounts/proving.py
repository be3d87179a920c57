"""Proving who one is: by e-mail and password, and again before something that cannot be undone."""

from datetime import datetime, timedelta

from flask import request
from flask_login import current_user
from sqlalchemy import select

from webapp.accounts import passwords, throttle, users
from webapp.accounts.digests import digest
from webapp.accounts.models import User, UserSession
from webapp.clock import now
from webapp.extensions import db

FRESH = timedelta(minutes=5)


def authenticate(email: str, password: str) -> User | None:
    """Whose e-mail and password these are. Raises TooManyFailures before anything is hashed.

    Commits in between: other attempts must see this one before its hash, and no lock may be held during it.
    """
    attempt = throttle.begin(users.folded(email), request.remote_addr or "", now())
    db.session.commit()
    try:
        throttle.admit(attempt, now())
        user = users.find(email)
        stored = user.password_hash if user and user.is_active else None
    finally:
        db.session.commit()
    if not passwords.verify(password, stored):
        return None
    throttle.forget(attempt)
    return user


def signed_in_lately(at: datetime) -> bool:
    """Whether whoever sits there signed in within the last minutes, and has not just left a browser open."""
    token = digest(current_user.session_token)
    since = db.session.scalar(select(UserSession.created_at).where(UserSession.token_hash == token))
    return since is not None and at - since <= FRESH


def knows_password(password: str) -> bool:
    """Whether this is the password of whoever is signed in. Raises TooManyFailures."""
    return bool(current_user.password_hash) and authenticate(current_user.email, password) is not None
