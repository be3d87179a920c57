"""The second step of signing in: a code of an authenticator app, or one of ten recovery codes.

The caller commits.
"""

import logging
import secrets
from datetime import datetime

from sqlalchemy import ScalarSelect, delete, func, select, update

from webapp import vault
from webapp.accounts import totp
from webapp.accounts.digests import digest
from webapp.accounts.models import AccessRules, RecoveryCode, User
from webapp.accounts.roles import Role
from webapp.extensions import db

log = logging.getLogger(__name__)

USE = "second step"
"""Of the vault: it names the key, so another name reads nothing that was kept."""
RECOVERY_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look like another one."""
SIGNS = 24
"""118 bits, so that a plain digest keeps them (OWASP ASVS 5.0, 6.5.2)."""


class WrongCode(ValueError):
    """This is not the code that the app shows now."""


def is_on(user: User) -> bool:
    return user.second_step_secret is not None


def new_secret() -> bytes:
    return secrets.token_bytes(totp.SECRET_BYTES)


def switch_on(user: User, secret: bytes, typed: str, now: datetime) -> list[str]:
    """From now on the user needs a code of this secret; `typed` proves that an app has it.

    The recovery codes, which nobody can see again. Raises WrongCode.
    """
    step = totp.step_of(_without_gaps(typed), secret, now)
    if step is None:
        raise WrongCode
    user.second_step_secret, user.second_step_at, user.second_step_used = vault.lock(secret, USE), now, step
    return renew_recovery_codes(user)


def switch_off(user: User) -> None:
    user.second_step_secret = user.second_step_at = user.second_step_used = None
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def renew_recovery_codes(user: User) -> list[str]:
    """Ten new ones; those before them are gone."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    codes = ["".join(secrets.choice(LETTERS) for _ in range(SIGNS)) for _ in range(RECOVERY_CODES)]
    db.session.add_all(RecoveryCode(user_id=user.id, code_hash=digest(code)) for code in codes)
    db.session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, SIGNS, 4)) for code in codes]


def recovery_codes_left(user: User) -> int:
    left = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return db.session.scalar(left) or 0


def spend(user: User, typed: str, now: datetime) -> bool:
    """Whether this is a good code of the user: then it is used up, and the same is none a second time."""
    typed = _without_gaps(typed)
    return _spend_code(user, typed, now) or _spend_recovery_code(user, typed, now)


def rules() -> AccessRules:
    return db.session.get_one(AccessRules, 1)


def ask(least: Role | None, *, actor: str, now: datetime) -> None:
    """From which role on people need a second step; None: nobody does."""
    row = rules()
    row.second_step_from, row.changed_at, row.changed_by = least, now, actor


def asked_from() -> ScalarSelect[str | None]:
    """The least role that needs one, for a query."""
    return select(AccessRules.second_step_from).scalar_subquery()


def is_owed(user: User, least: str | None) -> bool:
    """Whether the user needs a second step, by the role from which on people do, and has none."""
    return bool(least) and Role(user.role).includes(Role(least)) and not is_on(user)


def _spend_code(user: User, typed: str, now: datetime) -> bool:
    """One statement decides, so that of two who send the same code at once one comes in."""
    secret = vault.unlock(user.second_step_secret or "", USE)
    if secret is None:
        log.error("the second step of user %s cannot be read: was SECRET_KEY changed?", user.id)
        return False
    if (step := totp.step_of(typed, secret, now)) is None:
        return False
    newer = func.coalesce(User.second_step_used, -1) < step
    used = update(User).where(User.id == user.id, newer).values(second_step_used=step)
    return db.session.scalar(used.returning(User.id)) is not None


def _spend_recovery_code(user: User, typed: str, now: datetime) -> bool:
    mine = RecoveryCode.user_id == user.id, RecoveryCode.code_hash == digest(typed)
    used = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=now)
    return db.session.scalar(used.returning(RecoveryCode.id)) is not None


def _without_gaps(typed: str) -> str:
    return "".join(typed.split()).replace("-", "").lower()
