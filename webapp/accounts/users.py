"""People who work at the desk: adding them, their roles, disabling them, their passwords."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime

import email_validator
from flask import current_app
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import IntegrityError

from webapp.accounts import links, passwords, sessions
from webapp.accounts.models import User
from webapp.accounts.names import tidy
from webapp.accounts.roles import Role
from webapp.extensions import db

# No mail is sent: people of a desk at home sign in as dana@desk.local, and nobody is misled by it.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


class UnfitEmail(ValueError):
    """This is no e-mail address; the message is a sentence that says why."""


class EmailTaken(Exception):
    """Another user signs in with this address."""


class LastAdmin(Exception):
    """Somebody must be able to administer the desk."""

    def __init__(self) -> None:
        super().__init__("This is the last active admin. Make somebody else an admin first.")


def create(email: str, role: Role, *, now: datetime, name: str = "", password: str = "") -> User:
    """Add a user; without a password they sign in by one-time link.

    Raises UnfitEmail, UnfitPassword, EmailTaken.
    """
    user = User(email=checked_email(email), role=role, name=tidy(name), created_at=now)
    if password:
        passwords.check_new(password, *_known_of(user))
        user.password_hash = passwords.hash_password(password)
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError:
        raise EmailTaken(f"There is a user with the address {user.email} already.") from None
    return user


def change(user: User, *, name: str, role: Role, now: datetime) -> None:
    """Name and role. A new role ends the sessions, so that no open page offers what is no longer allowed.

    Raises LastAdmin.
    """
    if role != user.role:
        _keep_an_admin(user)
        user.role = role
        sessions.revoke_all(user, now)
    user.name = tidy(name)


def disable(user: User, now: datetime) -> bool:
    """They cannot sign in any more; whoever is signed in as them is out at once. False when they could not
    before: of two who do it at once one did. Raises LastAdmin."""
    _keep_an_admin(user)
    did = _turn(user, User.disabled_at.is_(None), now)
    sessions.revoke_all(user, now)
    links.withdraw(user, now)
    return did


def enable(user: User) -> bool:
    """They can sign in again; False when they could before."""
    return _turn(user, User.disabled_at.is_not(None), None)


def set_password(user: User, password: str, *, now: datetime, keep_session: str = "") -> None:
    """Ends all sessions but the one with the token `keep_session`. Raises UnfitPassword."""
    passwords.check_new(password, *_known_of(user))
    user.password_hash = passwords.hash_password(password)
    sessions.revoke_all(user, now, but=keep_session)
    links.withdraw(user, now)


def find(email: str) -> User | None:
    """The user with this address, in whatever writing."""
    try:
        return db.session.scalar(select(User).where(User.email == checked_email(email)))
    except UnfitEmail:
        return None


def every() -> Sequence[User]:
    """Those who can sign in first, by address."""
    return db.session.scalars(select(User).order_by(User.disabled_at.is_not(None), User.email)).all()


def counted(email: str) -> str:
    """The one spelling under which attempts for an address are counted: as it is kept, if it can be one."""
    try:
        return checked_email(email)
    except UnfitEmail:
        return _folded(email)


def checked_email(email: str) -> str:
    """The address as it is kept. Raises UnfitEmail."""
    try:
        valid = email_validator.validate_email(
            _folded(email), check_deliverability=False, globally_deliverable=False
        )
    except email_validator.EmailNotValidError:
        raise UnfitEmail("That is not an e-mail address, such as dana@example.com.") from None
    return _folded(valid.normalized)


def _folded(email: str) -> str:
    return unicodedata.normalize("NFC", email.strip()).lower()


def _known_of(user: User) -> tuple[str, ...]:
    """What is easily found out; the business's name stands in the addresses, the desk knows no other."""
    return user.email, user.name, *current_app.config["HEED"].hosts


def _turn(user: User, unless_done: ColumnElement[bool], disabled_at: datetime | None) -> bool:
    """One statement decides whether this changes anything."""
    turned = update(User).where(User.id == user.id, unless_done).values(disabled_at=disabled_at)
    return db.session.execute(turned).rowcount == 1


def _keep_an_admin(user: User) -> None:
    """Locks the admins, so that two of them cannot end each other at the same time."""
    admins = select(User).where(User.role == Role.ADMIN, User.disabled_at.is_(None)).order_by(User.id)
    remaining = db.session.scalars(admins.with_for_update().execution_options(populate_existing=True)).all()
    if remaining == [user]:
        raise LastAdmin
