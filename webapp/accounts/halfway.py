"""Who has shown a password or a link, and whose second step is still to come.

It stands in this browser's signed cookie alone, for ten minutes, and counts for nothing else.
"""

from datetime import datetime, timedelta

from flask import session

from webapp.accounts.digests import digest
from webapp.accounts.models import User
from webapp.extensions import db

LIFETIME = timedelta(minutes=10)
KEY = "halfway"


def begin(user: User, next: str, now: datetime, *, by_link: bool) -> None:
    session[KEY] = {
        "user": user.id,
        "at": now.timestamp(),
        "secrets": _secrets_of(user),
        "next": next,
        "by_link": by_link,
    }


def find(now: datetime) -> User | None:
    """Whose second step this browser waits for; None after ten minutes, and when their secrets changed."""
    known = session.get(KEY)
    if not known or now.timestamp() - known["at"] > LIFETIME.total_seconds():
        return None
    user = db.session.get(User, known["user"])
    return user if user and user.is_active and _secrets_of(user) == known["secrets"] else None


def next() -> str:
    """Where the person wanted to go."""
    return str(session[KEY]["next"])


def came_by_link() -> bool:
    return bool(session[KEY]["by_link"])


def _secrets_of(user: User) -> str:
    return digest(f"{user.password_hash}\n{user.second_step_secret}")
