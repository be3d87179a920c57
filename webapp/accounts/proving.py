"""Proving who one is: by e-mail and password, then by a code; and again before what is hard to undo."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from flask import request

from webapp.accounts import crowd, known, passwords, second_step, throttle, trail, users
from webapp.accounts.models import User
from webapp.accounts.throttle import Attempt, TooManyFailures
from webapp.clock import now
from webapp.extensions import db


def authenticate(email: str, password: str) -> User | None:
    """Whose e-mail and password these are. Raises TooManyFailures before anything is hashed.

    Commits in between: other attempts must see this one before its hash, and no lock may be held during it.
    """
    with crowd.room():
        with _attempt(email) as attempt:
            user = users.find(email)
            stored = user.password_hash if user and user.is_active else None
        with crowd.turn():
            is_right = passwords.verify(password, stored)
    if not (is_right and user and _still_has(user, stored)):
        why = "gave a wrong password" if user else "a password is given for nobody who is known"
        trail.note(why, user, level=logging.WARNING)
        return None
    throttle.forget(attempt)
    return user


def knows_code(user: User, typed: str) -> bool:
    """Whether this is a code of the user's second step, which it uses up. Raises TooManyFailures. Commits."""
    with _attempt(user.email) as attempt:
        pass
    if not second_step.spend(user, typed, now()):
        db.session.commit()
        trail.note("gave a wrong code", user, level=logging.WARNING)
        return False
    throttle.forget(attempt)
    db.session.commit()
    return True


def is_themselves(user: User, proof: str) -> bool:
    """Whether `proof` is what the user alone has: a code where there is a second step, else the password.

    Raises TooManyFailures.
    """
    if second_step.is_on(user):
        return knows_code(user, proof)
    return bool(user.password_hash) and authenticate(user.email, proof) is not None


def _still_has(user: User, password_hash: str | None) -> bool:
    """Whether that is the password now, too: looking at it takes long, and who changes it meanwhile wants
    everybody out. A change has to wait from here on until the caller's commit, and ends what begins by it."""
    db.session.refresh(user, with_for_update={"key_share": True})
    return user.is_active and user.password_hash == password_hash


@contextmanager
def _attempt(email: str) -> Iterator[Attempt]:
    """An attempt on record and admitted; what is read inside belongs to the transaction that ends with it."""
    attempt = throttle.begin(known.guesser(users.counted(email)), request.remote_addr or "", now())
    db.session.commit()
    try:
        throttle.admit(attempt, now())
        yield attempt
    except TooManyFailures:
        trail.note("an attempt to sign in is refused: too many failed", level=logging.WARNING)
        raise
    finally:
        db.session.commit()
