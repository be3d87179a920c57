"""Nobody comes on record twice in one moment. The unique keys part a phone number from a WhatsApp id, and
the variants of a number: two transactions that do not see each other would make two customers of one person,
and the stop of one would not be the other's.

PostgreSQL's advisory lock, held until the commit; SQLite's one writer is alone anyway. Look for the person
behind it, not before.
"""

from sqlalchemy import text

from webapp.extensions import db

DOOR = 0x48656565


def write_in() -> bool:
    """For WhatsApp's messages: they know people by ids of one kind, so they need not wait for each other.
    Whether there was a door: who had looked before looks again."""
    return _wait("pg_advisory_xact_lock_shared")


def are_named() -> None:
    """For lists, programs and people of the desk, who name customers by their numbers."""
    _wait("pg_advisory_xact_lock")


def _wait(lock: str) -> bool:
    """False on SQLite."""
    if db.session.get_bind().dialect.name != "postgresql":
        return False
    db.session.execute(text(f"SELECT {lock}({DOOR})"))
    return True
