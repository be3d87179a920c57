"""Who uses the desk, people and programs: users, sessions, sign-in links, second steps, API tokens."""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.roles import Role
from webapp.database import NEVER_AGAIN, BigId, UtcDateTime
from webapp.extensions import db

_ROLES = ", ".join(repr(role.value) for role in Role)


class User(db.Model):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    """Lower case."""
    name: Mapped[str] = mapped_column(String(80), default="")
    role: Mapped[str] = mapped_column(String(10))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_step_secret: Mapped[str | None] = mapped_column(String(200))
    """Of the authenticator app, encrypted (see `vault`); None: there is no second step."""
    second_step_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    second_step_used: Mapped[int | None] = mapped_column(BigInteger)
    """The step of the newest code that was accepted: none is accepted twice."""

    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role"), NEVER_AGAIN)

    # What Flask-Login asks of a user. Not its UserMixin, which would make two users equal by their session.
    is_authenticated = True
    is_anonymous = False
    session_token = ""
    """The token of the browser that this object was loaded for; never stored."""
    seen_at = sure_at = datetime.min.replace(tzinfo=UTC)
    """When that browser was last known to be used; when whoever sits there last proved who they are."""
    came_by_link = False
    """Whether that browser was signed in with a one-time link."""
    owes_second_step = False
    """Whether this desk asks for a second step that they have not set up."""

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    def get_id(self) -> str:
        return self.session_token

    @property
    def label(self) -> str:
        return self.name or self.email


class UserSession(db.Model):
    """A signed-in browser. The cookie holds a random token, the database only its SHA-256."""

    __tablename__ = "user_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    user_agent: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """From when on it does not count; ahead for the token that a session had until a moment ago."""
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was last used, to a few minutes; None: not since it began."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its owner proved again who they are; None: not since it began."""
    by_link: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether it began with a one-time link."""

    user: Mapped[User] = relationship()


class SignInLink(db.Model):
    """A one-time link; used once, within 15 minutes."""

    __tablename__ = "sign_in_links"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(db.Model):
    """Takes the place of a code of the authenticator app, once: for people who lost their phone."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccessRules(db.Model):
    """What the desk asks of people who sign in: exactly one row."""

    __tablename__ = "access_rules"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    second_step_from: Mapped[str | None] = mapped_column(String(10))
    """The least role that needs a second step; None: nobody needs one."""
    changed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    changed_by: Mapped[str | None] = mapped_column(String(40))

    __table_args__ = (
        CheckConstraint("id = 1", name="one_row"),
        CheckConstraint(f"second_step_from IN ({_ROLES})", name="second_step_from"),
    )


class SignInFailure(db.Model):
    """A failed attempt; `account` and `address` are SHA-256, nobody needs them in clear."""

    __tablename__ = "sign_in_failures"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    account: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_sign_in_failures_account", "account", "at"),
        Index("ix_sign_in_failures_address", "address", "at"),
    )


class ApiToken(db.Model):
    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(40), default="system")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role"), NEVER_AGAIN)
