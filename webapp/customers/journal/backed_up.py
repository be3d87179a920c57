"""Up to when `heed backup` has everything: of what came later only the journal tells a restore."""

from datetime import datetime

from webapp.extensions import db
from webapp.tasks import Heartbeat

NAME = "backup"


def note(at: datetime) -> None:
    """A backup holds all that was committed before. The caller commits."""
    db.session.merge(Heartbeat(name=NAME, at=at))


def last() -> datetime | None:
    """None when there never was one; in a desk that was restored the one that it came of."""
    found = db.session.get(Heartbeat, NAME)
    return found.at if found else None
