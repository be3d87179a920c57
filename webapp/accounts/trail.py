"""What happens to accounts, as lines of the log: who, by number, and by whom; no address, no secret."""

import logging

from webapp.accounts.actors import current_actor
from webapp.accounts.models import User

log = logging.getLogger("heed.accounts")


def note(what: str, user: User | None = None, *, level: int = logging.INFO) -> None:
    """One line: `user:7 second step is on, by user:1`."""
    whose = f"user:{user.id} " if user else ""
    log.log(level, "%s%s, by %s", whose, what, current_actor())
