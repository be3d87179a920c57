"""What happened to an account, as the database keeps it: append-only, and for a time."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.database import BigId, UtcDateTime
from webapp.extensions import db


class Happened(StrEnum):
    ADDED = "added"
    LINK = "link"
    ROLE = "role"
    NAME = "name"
    DISABLED = "disabled"
    ENABLED = "enabled"
    PASSWORD = "password"  # noqa: S105 the name of what was changed
    SECOND_STEP_ON = "second_step_on"
    SECOND_STEP_OFF = "second_step_off"
    SECOND_STEP_RESET = "second_step_reset"
    RECOVERY_CODES = "recovery_codes"
    SESSIONS_ENDED = "sessions_ended"
    SESSION_ENDED = "session_ended"
    NEW_BROWSER = "new_browser"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 no token
    SECOND_STEP_ASKED = "admins_need"
    ADMINS_NEED_NOT = "admins_need_not"
    """Of before others than admins could be asked."""


WORDS = {
    Happened.ADDED: "is added as {}",
    Happened.LINK: "gets a sign-in link",
    Happened.ROLE: "has the role {}",
    Happened.NAME: "has another name",
    Happened.DISABLED: "is disabled",
    Happened.ENABLED: "is enabled",
    Happened.PASSWORD: "password is changed",
    Happened.SECOND_STEP_ON: "second step is on",
    Happened.SECOND_STEP_OFF: "second step is off",
    Happened.SECOND_STEP_RESET: "second step is reset",
    Happened.RECOVERY_CODES: "recovery codes are new",
    Happened.SESSIONS_ENDED: "sessions are ended",
    Happened.SESSION_ENDED: "a session is ended",
    Happened.NEW_BROWSER: "signed in with a browser not known for them: {}",
    Happened.TOKEN_REVOKED: "is revoked",
    Happened.SECOND_STEP_ASKED: "a second step is asked of {}",
    Happened.ADMINS_NEED_NOT: "a second step is asked of nobody",
}
"""With the place of what is said beside it."""
_KINDS = ", ".join(repr(kind.value) for kind in Happened)


class AccountEvent(db.Model):
    """Something that an account, or the rules for all of them, became. Triggers refuse every change, and each
    deletion before it is 90 days old. No name and no address: those are the account's own."""

    __tablename__ = "account_events"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str | None] = mapped_column(String(40))
    """Whose account: `user:ID` or `token:ID`; None: a rule for all."""
    actor: Mapped[str] = mapped_column(String(40))
    detail: Mapped[str] = mapped_column(String(60), default="")

    __table_args__ = (
        CheckConstraint(f"kind IN ({_KINDS})", name="kind"),
        Index("ix_account_events_subject", "subject", "id"),
        Index("ix_account_events_actor", "actor", "id"),
    )

    @property
    def words(self) -> str:
        """Of before others could be asked, a second step was asked of admins."""
        return WORDS[Happened(self.kind)].format(self.detail or "admins")
