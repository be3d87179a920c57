"""Passwords: what a new one must be, and argon2id."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY
from flask import current_app

from webapp.accounts import guessable

SHORTEST, LONGEST = 12, 200
OWN_PART = 8
"""Letters and digits that are neither in the person's name nor in an address of theirs or of the desk."""
BETTER = "Take four or five words that do not belong together."


class UnfitPassword(ValueError):
    """This may not become a password; the message is a sentence that says why."""


def check_new(password: str, *known: str) -> None:
    """Raises UnfitPassword. `known`: names and addresses that others know of the person and the desk.

    No rules about kinds of signs: length counts, and that nobody tries it first (NIST SP 800-63B; OWASP ASVS
    5.0, 6.2).
    """
    if len(password) < SHORTEST:
        raise UnfitPassword(f"A password has at least {SHORTEST} characters.")
    if len(password) > LONGEST:
        raise UnfitPassword(f"A password has at most {LONGEST} characters.")
    if guessable.is_common(password):
        raise UnfitPassword(f"This is one of the passwords that are tried first. {BETTER}")
    if guessable.repeated_part(password) < SHORTEST:
        raise UnfitPassword(f"This repeats fewer than {SHORTEST} characters. {BETTER}")
    if guessable.own_part(password, known) < OWN_PART:
        raise UnfitPassword(f"Others know most of this: names, addresses, what Heed is about. {BETTER}")


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
