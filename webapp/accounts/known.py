"""Browsers in which somebody has signed in before: strangers who guess do not slow down the owner there.

Failures of such a browser are counted apart, by the same limits. Its cookie lets nobody in and tells nothing.
"""

import hashlib
import secrets
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from webapp.accounts.digests import digest
from webapp.accounts.models import User

LIFETIME = timedelta(days=365)


def remember(response: Response, user: User) -> None:
    """This browser is known for this user from now on, in the place of whoever it was known for."""
    value = _signer().dumps([digest(user.email), secrets.token_urlsafe(16)])
    secure = request.is_secure
    response.set_cookie(_name(), value, max_age=LIFETIME, httponly=True, secure=secure, samesite="Lax")


def guesser(account: str) -> str:
    """Under which name a failure for this account counts: its own one in a browser known for it."""
    known, mark = _told()
    return f"{account}\n{mark}" if known == digest(account) else account


def knows(user: User) -> bool:
    """Whether this user has signed in before in this browser, and nobody else since."""
    return _told()[0] == digest(user.email)


def _told() -> tuple[str, str]:
    """Whom the browser says that it is known for, and its own mark."""
    try:
        known, mark = _signer().loads(request.cookies.get(_name(), ""))
    except BadSignature:
        return "", ""
    return known, mark


def _name() -> str:
    return "__Host-heed-known" if request.is_secure else "heed-known"


def _signer() -> URLSafeSerializer:
    how = {"digest_method": hashlib.sha256}
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known browser", signer_kwargs=how)
