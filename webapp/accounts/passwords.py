"""Passwords: what a new one must be, and argon2id."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from flask import current_app

SHORTEST, LONGEST = 12, 200


class UnfitPassword(ValueError):
    """This may not become a password; the message is a sentence that says why."""


def check_new(password: str, email: str) -> None:
    """Raises UnfitPassword. No rules about kinds of signs: length is what counts (NIST SP 800-63B)."""
    if len(password) < SHORTEST:
        raise UnfitPassword(f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise UnfitPassword(f"A password has at most {LONGEST} characters.")
    if password.strip().lower() == email.lower():
        raise UnfitPassword("The e-mail address itself cannot be the password.")


def hash_password(password: str) -> str:
    return _hasher().hash(_canonical(password))


def verify(password: str, stored: str | None) -> bool:
    """Whether this is the password. Without a stored hash it is not, found out with the same work."""
    if stored is None:
        hash_password(password)
        return False
    try:
        return _hasher().verify(stored, _canonical(password))
    except VerificationError:
        return False


def _hasher() -> PasswordHasher:
    """By default the second profile that RFC 9106 recommends: 64 MiB and about a third of a second."""
    return PasswordHasher.from_parameters(current_app.config.get("PASSWORD_PROFILE", RFC_9106_LOW_MEMORY))


def _canonical(password: str) -> str:
    """One form for what keyboards write as one sign or as two."""
    return unicodedata.normalize("NFC", password)
