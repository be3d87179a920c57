"""Signed-in browsers. The cookie holds a random token; whether it counts is written in the database alone."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from flask import current_app, session
from flask_login import current_user, login_user, logout_user
from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.exc import OperationalError

from webapp import clock
from webapp.accounts import second_step
from webapp.accounts.actors import asked_by
from webapp.accounts.digests import digest
from webapp.accounts.models import User, UserSession
from webapp.database import writing
from webapp.extensions import db, login

SEEN_EVERY = timedelta(minutes=5)
"""That a session is in use is written down no more often than this: each time is a write."""
LONGEST_USER_AGENT = 200
OVERLAP = timedelta(seconds=10)
"""What this browser asked for just before, under the token of then, is still answered."""
KEPT = ("user_id", "user_agent", "created_at", "expires_at", "seen_at", "confirmed_at", "by_link")
"""What the token of then goes on with meanwhile."""

# Flask-Login would compare address and browser version; these sessions can be revoked instead.
login.session_protection = None


def sign_in(user: User, *, user_agent: str, now: datetime, by_link: bool = False) -> None:
    """Begin a session in this browser; what it held before, a token that somebody planted too, is gone."""
    sign_out(now)
    token = secrets.token_urlsafe(32)
    row = UserSession(token_hash=digest(token), user_id=user.id, user_agent=user_agent[:LONGEST_USER_AGENT])
    row.created_at, row.expires_at = now, now + current_app.config["HEED"].session_lifetime
    row.by_link = by_link
    db.session.add(row)
    db.session.flush()
    user.session_token, user.seen_at, user.sure_at, user.came_by_link = token, now, now, by_link
    login_user(user)


def sign_out(now: datetime) -> None:
    """End the session of this browser, if there is one, and forget what its cookie holds."""
    if current_user.is_authenticated:
        _revoke(now, UserSession.token_hash == digest(current_user.session_token))
        logout_user()
    session.clear()


@login.user_loader
def load(token: str) -> User | None:
    user = find(token, clock.now())
    if user:
        asked_by("user", user.id)
    return user


def find(token: str, now: datetime) -> User | None:
    """Whom this token speaks for, unless it has expired, was revoked, or the user is disabled."""
    query = (
        select(User, _seen_at(), func.coalesce(UserSession.confirmed_at, UserSession.created_at))
        .add_columns(UserSession.by_link, second_step.asked_from())
        .join(UserSession)
        .where(UserSession.token_hash == digest(token), *_alive(now), User.disabled_at.is_(None))
    )
    found = db.session.execute(query).one_or_none()
    if found is None:
        return None
    user, user.seen_at, user.sure_at, user.came_by_link, asked_from = found
    user.owes_second_step = second_step.is_owed(user, asked_from)
    user.session_token = token
    return user


def keep_alive(user: User, now: datetime) -> None:
    """Somebody uses this session: it is not idle. Commits, so it comes before anything else is written.

    Nobody is kept from reading while the database is too busy to note it.
    """
    if now - user.seen_at < SEEN_EVERY:
        return
    db.session.rollback()
    try:
        with writing():
            _write(user, seen_at=now)
    except OperationalError:
        db.session.rollback()


def confirm(user: User, now: datetime) -> None:
    """Whoever sits there has proved again who they are. Commits."""
    renew(user, now, overlap=OVERLAP)
    _write(user, seen_at=now, confirmed_at=now)
    user.sure_at = now


def renew(user: User, now: datetime, *, overlap: timedelta = timedelta()) -> None:
    """Go on under another token: whoever has a copy of the present one has no part in what was proved with
    this browser. For the `overlap` the present one counts, too. A session that was ended meanwhile stays so.
    The caller commits."""
    known, token = digest(user.session_token), secrets.token_urlsafe(32)
    mine = select(UserSession).where(UserSession.token_hash == known, UserSession.revoked_at.is_(None))
    row = db.session.scalars(mine.with_for_update()).one_or_none()
    if row is None:
        return
    row.token_hash = digest(token)
    db.session.flush()
    if overlap:
        kept = {name: getattr(row, name) for name in KEPT}
        db.session.add(UserSession(token_hash=known, revoked_at=now + overlap, **kept))
    user.session_token = token
    login_user(row.user)


def revoke_all(user: User, now: datetime, *, but: str = "") -> None:
    """End every session of this user, save the one with the token `but`."""
    _revoke(now, UserSession.user_id == user.id, UserSession.token_hash != digest(but))


def revoke(user: User, session_id: int, now: datetime) -> bool | None:
    """End this session of the user; False when it was ended before, None when the user has none of this
    number."""
    own = UserSession.id == session_id, UserSession.user_id == user.id
    ended = _revoke(now, *own) == 1
    return ended if db.session.scalar(select(UserSession.id).where(*own)) else None


def of_user(user: User, now: datetime) -> Sequence[UserSession]:
    """The sessions that count, newest first."""
    return db.session.scalars(_living(now).where(UserSession.user_id == user.id)).all()


def counts(now: datetime) -> dict[int, int]:
    """How many sessions count, by user id."""
    living = _living(now).order_by(None).with_only_columns(UserSession.user_id, func.count())
    return dict(db.session.execute(living.group_by(UserSession.user_id)).all())


def _living(now: datetime) -> Select[tuple[UserSession]]:
    """Each once, though it may count under two tokens for a moment."""
    own = UserSession.revoked_at.is_(None)
    return select(UserSession).where(*_alive(now), own).order_by(UserSession.id.desc())


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    idle = _seen_at() > now - current_app.config["HEED"].session_idle
    return _not_revoked(now), UserSession.expires_at > now, idle


def _not_revoked(now: datetime) -> ColumnElement[bool]:
    return or_(UserSession.revoked_at.is_(None), UserSession.revoked_at > now)


def _seen_at() -> ColumnElement[datetime]:
    return func.coalesce(UserSession.seen_at, UserSession.created_at)


def _write(user: User, **values: datetime) -> None:
    own = update(UserSession).where(UserSession.token_hash == digest(user.session_token))
    db.session.execute(own.values(values))
    db.session.commit()


def _revoke(now: datetime, *which: ColumnElement[bool]) -> int:
    living = update(UserSession).where(*which, _not_revoked(now))
    return db.session.execute(living.values(revoked_at=now)).rowcount
