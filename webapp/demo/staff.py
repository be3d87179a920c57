"""Invented colleagues and a shop's token, by whom the demo history says it was recorded. None can sign in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, delete, literal, select

from webapp.accounts import tokens, users
from webapp.accounts.account_event import AccountEvent
from webapp.accounts.models import ApiToken, SignInLink, User, UserSession
from webapp.accounts.roles import Role
from webapp.extensions import db

COLLEAGUES = {"dana.kim": "Dana Kim", "rafael.lima": "Rafael Lima"}
DOMAIN = "heed-demo.example"
"""`.example` is set aside for such addresses (RFC 2606)."""
CREATED_BY = "demo"


@dataclass(frozen=True)
class Staff:
    """Keys of actors, as the ledger keeps them."""

    colleagues: tuple[str, ...]
    shop: str


def introduce(now: datetime) -> Staff:
    """Add the colleagues, disabled and without a password, and the token, revoked."""
    return Staff(tuple(_colleague(address, now) for address in COLLEAGUES), _shop(now))


def dismiss() -> None:
    """Remove them, but for a colleague whom somebody enabled, gave a link, or changed otherwise: their number
    must never become somebody else's."""
    in_use = select(SignInLink.user_id).union(select(UserSession.user_id))
    invented = User.email.endswith(f"@{DOMAIN}", autoescape=True)
    on_record = select(AccountEvent.subject).where(AccountEvent.subject.is_not(None))
    untouched = (literal("user:") + cast(User.id, String)).not_in(on_record)
    unused = User.disabled_at.is_not(None), User.id.not_in(in_use), untouched
    db.session.execute(delete(User).where(invented, *unused))
    db.session.execute(delete(ApiToken).where(ApiToken.created_by == CREATED_BY))


def _colleague(address: str, now: datetime) -> str:
    email = f"{address}@{DOMAIN}"
    user = users.find(email) or users.create(email, Role.AGENT, now=now, name=COLLEAGUES[address])
    users.disable(user, now)
    db.session.flush()
    return f"user:{user.id}"


def _shop(now: datetime) -> str:
    token, _ = tokens.create("shop web", Role.AGENT, actor=CREATED_BY, now=now)
    tokens.revoke(token, now)
    return f"token:{token.id}"
