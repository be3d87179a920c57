"""What nobody needs any more goes: failed attempts, used and expired links, sessions long over, and what
happened to accounts years ago."""

from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete

from webapp.accounts.account_event import AccountEvent
from webapp.accounts.models import SignInFailure, SignInLink, UserSession
from webapp.extensions import db

FAILURES_KEPT = timedelta(days=1)
OTHERS_KEPT = timedelta(days=30)


def tidy(now: datetime) -> None:
    """Delete what is over. The caller commits."""
    db.session.execute(delete(SignInFailure).where(SignInFailure.at < now - FAILURES_KEPT))
    db.session.execute(delete(SignInLink).where(SignInLink.expires_at < now - OTHERS_KEPT))
    db.session.execute(delete(UserSession).where(UserSession.expires_at < now - OTHERS_KEPT))
    kept = current_app.config["HEED"].account_events_kept
    db.session.execute(delete(AccountEvent).where(AccountEvent.at < now - kept))
