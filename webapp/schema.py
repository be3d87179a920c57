"""Whether this Heed may work on the database as it is migrated now.

Where it may not, nothing is read or written: pages and webhooks are answered 503, so that WhatsApp sends
again what came, and the worker ends.
"""

import logging
import os
import signal
import time

from flask import Flask, current_app, request
from sqlalchemy import Engine
from werkzeug.exceptions import ServiceUnavailable

from webapp import tasks
from webapp.database import (
    OUT_OF_REACH,
    NewerSchema,
    newest_version,
    reading,
    refuse_newer,
    version,
)
from webapp.extensions import db

log = logging.getLogger(__name__)

LOOKED_AT_EACH = 60.0
"""Seconds: a newer Heed may migrate the database while this one runs."""
WITHOUT_IT = {"operations.health", "operations.readiness", "static", "assets.show"}


class WrongSchema(ServiceUnavailable):
    """The description says why, and what to do."""


class Watch:
    """What one process knows of the schema: a right one is looked at again later, a wrong one at once."""

    def __init__(self, right_until: float = 0.0) -> None:
        """`right_until`: up to this time of `time.monotonic` nobody needs to look."""
        self._right_until = right_until

    def wrong(self, engine: Engine) -> str:
        if time.monotonic() < self._right_until:
            return ""
        found = wrong(engine)
        self._right_until = 0.0 if found else time.monotonic() + LOOKED_AT_EACH
        return found


def wrong(engine: Engine) -> str:
    """Why this Heed must not work on the database, as a sentence; "" when it may. Raises what says that the
    database is out of reach."""
    with reading(), engine.connect() as connection:
        found = version(connection)
    try:
        refuse_newer(found)
    except NewerSchema as newer:
        return str(newer)
    if found is None:
        return "The database is empty: run heed init."
    if found != newest_version():
        return f"The database has version {found}, and this Heed works on {newest_version()}: run heed init."
    return ""


def init_app(app: Flask) -> None:
    app.before_request(_refuse)


def _refuse() -> None:
    if request.endpoint in WITHOUT_IT:
        return
    watch = current_app.extensions.setdefault("heed-schema", Watch())
    try:
        why = watch.wrong(db.engine)
    except OUT_OF_REACH:
        return  # whoever is asked next says so
    if why:
        raise WrongSchema(why)


@tasks.each(minute="*")
def leave(app: Flask) -> None:
    """A worker whose database somebody has migrated ends; `heed worker` says why."""
    with app.app_context():
        if why := wrong(db.engine):
            log.error("the worker ends: %s", why)
            os.kill(os.getpid(), signal.SIGTERM)
