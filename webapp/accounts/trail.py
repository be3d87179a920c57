"""What happens to accounts: on record with the change itself, and in the log; no address, no secret."""

import logging
from typing import Any

from sqlalchemy import event, or_, select

from webapp import clock
from webapp.accounts.account_event import AccountEvent, Happened
from webapp.accounts.actors import current_actor
from webapp.accounts.models import ApiToken, User
from webapp.extensions import db

log = logging.getLogger("heed.accounts")

PER_PAGE = 50
KEY = "heed-accounts"
"""Where the session keeps the lines of the log that its commit will write."""


def note(what: str, user: User | None = None, *, level: int = logging.INFO) -> None:
    """One line of what changes no account: `user:7 gave a wrong code, by system`."""
    log.log(level, _line(key_of(user), what, current_actor()))


def record(kind: Happened, whom: User | ApiToken | None, *, detail: str = "") -> None:
    """What this transaction makes of the account, or of the rules for all; logged once it is committed. The
    caller commits."""
    row = AccountEvent(at=clock.now(), kind=kind, subject=key_of(whom), actor=current_actor(), detail=detail)
    db.session.add(row)
    db.session().info.setdefault(KEY, []).append(_line(row.subject, row.words, row.actor))


def page(person: str, before: int | None) -> tuple[list[AccountEvent], int | None]:
    """The newest ones, or those before this id, and the id from which the next page goes on; with `person`
    what happened to their account and what they did to others'."""
    query = select(AccountEvent).order_by(AccountEvent.id.desc())
    if person:
        query = query.where(or_(AccountEvent.subject == person, AccountEvent.actor == person))
    if before is not None:
        query = query.where(AccountEvent.id < before)
    found = list(db.session.scalars(query.limit(PER_PAGE + 1)))
    return found[:PER_PAGE], found[PER_PAGE - 1].id if len(found) > PER_PAGE else None


def key_of(whom: User | ApiToken | None) -> str | None:
    """`user:7`, `token:3`."""
    if whom is None:
        return None
    return f"{'user' if isinstance(whom, User) else 'token'}:{whom.id}"


def _line(subject: str | None, what: str, actor: str) -> str:
    return f"{subject} {what}, by {actor}" if subject else f"{what}, by {actor}"


@event.listens_for(db.session, "after_commit")
def _after_commit(session: Any) -> None:
    if not session.in_nested_transaction():
        for line in session.info.pop(KEY, []):
            log.info(line)


@event.listens_for(db.session, "after_transaction_end")
def _after_end(session: Any, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(KEY, None)
