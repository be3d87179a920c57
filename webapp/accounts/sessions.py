"""Signed-in browsers. The cookie holds a random token; whether it counts is written in the database alone."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import session
from flask_login import current_user, login_user, logout_user
from sqlalchemy import ColumnElement, Select, func, select, update

from webapp import clock
from webapp.accounts.digests import digest
from webapp.accounts.models import User, UserSession
from webapp.extensions import db, login

LIFETIME = timedelta(hours=12)
"""From sign-in on, however busy the browser is: a working day."""
LONGEST_USER_AGENT = 200

# Flask-Login would compare address and browser version; these sessions can be revoked instead.
login.session_protection = None


def sign_in(user: User, *, user_agent: str, now: datetime) -> None:
    """Begin a session in this browser; what it held before, a token that somebody planted too, is gone."""
    sign_out(now)
    token = secrets.token_urlsafe(32)
    row = UserSession(token_hash=digest(token), user_id=user.id, user_agent=user_agent[:LONGEST_USER_AGENT])
    row.created_at, row.expires_at = now, now + LIFETIME
    db.session.add(row)
    db.session.flush()
    user.session_token = token
    login_user(user)


def sign_out(now: datetime) -> None:
    """End the session of this browser, if there is one, and forget what its cookie holds."""
    if current_user.is_authenticated:
        _revoke(now, UserSession.token_hash == digest(current_user.session_token))
        logout_user()
    session.clear()


@login.user_loader
def load(token: str) -> User | None:
    return find(token, clock.now())


def find(token: str, now: datetime) -> User | None:
    """Whom this token speaks for, unless it has expired, was revoked, or the user is disabled."""
    query = (
        select(User)
        .join(UserSession)
        .where(UserSession.token_hash == digest(token), *_alive(now), User.disabled_at.is_(None))
    )
    user = db.session.scalar(query)
    if user:
        user.session_token = token
    return user


def revoke_all(user: User, now: datetime, *, but: str = "") -> None:
    """End every session of this user, save the one with the token `but`."""
    _revoke(now, UserSession.user_id == user.id, UserSession.token_hash != digest(but))


def revoke(user: User, session_id: int, now: datetime) -> bool:
    """End this session of the user, once more too; False when the user has none of this number."""
    own = UserSession.id == session_id, UserSession.user_id == user.id
    _revoke(now, *own)
    return db.session.scalar(select(UserSession.id).where(*own)) is not None


def of_user(user: User, now: datetime) -> Sequence[UserSession]:
    """The sessions that count, newest first."""
    return db.session.scalars(_living(now).where(UserSession.user_id == user.id)).all()


def counts(now: datetime) -> dict[int, int]:
    """How many sessions count, by user id."""
    living = _living(now).order_by(None).with_only_columns(UserSession.user_id, func.count())
    return dict(db.session.execute(living.group_by(UserSession.user_id)).all())


def _living(now: datetime) -> Select[tuple[UserSession]]:
    return select(UserSession).where(*_alive(now)).order_by(UserSession.id.desc())


def _alive(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return UserSession.revoked_at.is_(None), UserSession.expires_at > now


def _revoke(now: datetime, *which: ColumnElement[bool]) -> None:
    living = update(UserSession).where(*which, UserSession.revoked_at.is_(None))
    db.session.execute(living.values(revoked_at=now))
