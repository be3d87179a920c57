"""Where this desk lives, so that a copy of it that is started elsewhere knows that it is one, and does not
send.

SQLite: the database file itself, by its number on its disk, the disk, and the machine where that is told; a
copied file has another number. PostgreSQL: the database within its cluster, whichever and however many
machines use it. A name in HEED_DESK_PLACE goes before both: for who starts each version on a new machine or
volume, or clones disks.
"""

import hashlib
import os
from pathlib import Path

from flask import current_app
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from webapp.config import Settings
from webapp.database import is_sqlite
from webapp.extensions import db

HERE = "heed-place"
MACHINE = Path("/etc/machine-id")
"""Of a host (systemd). Images of containers have none, so that a new container is no other machine."""
CLUSTER = text("""SELECT (SELECT system_identifier FROM pg_control_system())::text, oid::text
    FROM pg_database WHERE datname = current_database()""")
DATABASE = text("SELECT 'cluster', oid::text FROM pg_database WHERE datname = current_database()")


def here() -> str:
    """A word for the place of this desk. It does not change while a process runs, so it is found out once."""
    if HERE not in current_app.extensions:
        told = "\n".join(_parts(current_app.config["HEED"]))
        current_app.extensions[HERE] = hashlib.sha256(told.encode()).hexdigest()
    return current_app.extensions[HERE]


def _parts(settings: Settings) -> list[str]:
    if settings.desk_place:
        return ["named", settings.desk_place]
    if is_sqlite(settings.database_url):
        return ["file", *_file(make_url(settings.database_url).database or ""), _machine()]
    return ["database", *_database()]


def _file(name: str) -> list[str]:
    try:
        return [str(os.stat(name).st_ino), str(os.statvfs(name).f_fsid)]
    except OSError:
        return []  # in memory


def _machine() -> str:
    try:
        return MACHINE.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _database() -> list[str]:
    """Where the cluster does not tell who it is, the number of the database alone."""
    with db.engine.connect() as connection:
        try:
            return list(connection.execute(CLUSTER).one())
        except DBAPIError:
            connection.rollback()
            return list(connection.execute(DATABASE).one())
