"""A process that appends events, or seals.

Run as `python -m tests.consent.sealing.worker append COUNT`, or `... seal`.
"""

import select
import sys
import time

from webapp import clock, create_app
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind, Source
from webapp.consent.sealing import housekeeping
from webapp.database import writing
from webapp.extensions import db

AT_ONCE = 100
PAUSE = 0.02
"""Seconds, so that others come in between."""


def append(count: int) -> None:
    """So many changes of policy, a hundred in one transaction: the ids of two writers interleave, and who has
    the lower ones may commit later."""
    for _ in range(count // AT_ONCE):
        with writing():
            db.session.add_all(an_event() for _ in range(AT_ONCE))
            db.session.flush()
            time.sleep(PAUSE)
            db.session.commit()
        time.sleep(PAUSE)


def an_event() -> ConsentEvent:
    now = clock.now()
    return ConsentEvent(
        kind=Kind.POLICY, source=Source.AGENT, actor="user:1", reason="", occurred_at=now, recorded_at=now
    )  # fmt: skip


def seal() -> None:
    """Again and again, until standard input ends; says so after the first."""
    while not select.select([sys.stdin], [], [], 0)[0]:
        housekeeping.seal_all(app.config["HEED"])
        print("sealed", flush=True)
        time.sleep(PAUSE)


if __name__ == "__main__":
    app = create_app(web=False)
    with app.app_context():
        match sys.argv[1:]:
            case ["append", count]:
                append(int(count))
            case ["seal"]:
                seal()
