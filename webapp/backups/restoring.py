"""A backup is put back. The desk is made ready beside the present one, to the last entry of the opt-out
journal, and takes its place in one step: whoever dies before leaves everything as it was, and starts over."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, exists, inspect, select
from sqlalchemy.exc import DBAPIError

from webapp import create_app, database
from webapp.accounts.models import User
from webapp.backups import making, postgresql, replaying, sqlite
from webapp.backups.manifest import EVIDENCE, Manifest
from webapp.backups.refusals import Refused
from webapp.config import ConfigError, Settings
from webapp.consent.housekeeping import forget_released
from webapp.consent.models import ConsentEvent
from webapp.consent.sealing import housekeeping, keys, publishing, sealer, verification
from webapp.customers.erasure import log as erasure_log
from webapp.customers.journal import backed_up
from webapp.customers.models import Customer
from webapp.database import fold_journal, is_sqlite, open_engine, writing
from webapp.endpoints import listing
from webapp.extensions import db

HOLD_DATA = (Customer, User, ConsentEvent)
BROKEN = (DBAPIError, sqlite.Error, postgresql.Error)
"""What the two databases and SQLAlchemy say when something cannot be read or written."""


@dataclass
class Restored:
    """What became of it: the difference in numbers, where the desk of before is, and what wants a look."""

    found: dict[str, object]
    aside: str = ""
    warnings: list[str] = field(default_factory=list)


def restore(settings: Settings, backup: Path, now: datetime, *, replace: bool) -> Restored:
    """Put the backup in the place of the desk that the settings name. Raises NoBackup and Refused, and then
    the desk is as it was."""
    found = _usable(settings, backup)
    _demand_room(settings, replace)
    stamp = f"{now:%Y%m%dT%H%M%S%f}"
    with _made_ready(settings, backup, found) as app, app.app_context():
        done = _complete(settings, backup, found, now)
        _bring_files(settings, backup, found, stamp)
        done.warnings += _doubts(settings, now)
        db.session.remove()  # a read that stands open would keep SQLite's journal
        fold_journal(db.engine)
    done.aside = _swap(settings, stamp) or ""
    return done


def _usable(settings: Settings, backup: Path) -> Manifest:
    found = making.check(backup)
    if (found.engine == "sqlite") != is_sqlite(settings.database_url):
        raise Refused(
            f"This is a backup of {found.engine}, and DATABASE_URL names another kind of database. Restore "
            "it as what it was; `heed move` takes a SQLite desk to PostgreSQL then."
        )
    if not database.knows_version(found.schema):
        raise Refused(
            f"This backup was made by a newer Heed ({found.heed}). Install that version, then restore."
        )
    return found


def _demand_room(settings: Settings, replace: bool) -> None:
    url = settings.database_url
    if is_sqlite(url):
        there = sqlite.file_of(url).exists()
        sqlite.demand_nobody_uses(url)
    elif there := postgresql.exists(url):
        postgresql.demand_nobody_uses(url)
    if there and not replace and _holds_data(url):
        raise Refused(
            "The database holds a desk. With --replace the backup takes its place, and the desk is kept "
            "under another name."
        )


def _holds_data(url: str) -> bool:
    """A database that cannot be read may hold some."""
    engine = open_engine(url)
    try:
        return _any_rows(engine)
    except BROKEN:
        return True
    finally:
        engine.dispose()


def _any_rows(engine: Engine) -> bool:
    tables = [model.__table__ for model in HOLD_DATA]
    known = set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        return any(
            table.name in known and connection.scalar(select(exists(select(1).select_from(table))))
            for table in tables
        )


@contextmanager
def _made_ready(settings: Settings, backup: Path, found: Manifest) -> Iterator[Flask]:
    """The desk of the backup on the newest schema, beside the present one."""
    if is_sqlite(settings.database_url):
        file = sqlite.beside(settings.database_url)
        shutil.copyfile(backup / found.database, file)
        url = f"sqlite:///{file}"
    else:
        url = postgresql.make_ready(settings.database_url, backup / found.database)
    database.migrate(url, secret_key=settings.secret_key)
    same = {"HEED_DATA_DIR": str(settings.data_dir), "SECRET_KEY": settings.secret_key}
    app = create_app({"DATABASE_URL": url, **same}, web=False)
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def _complete(settings: Settings, backup: Path, found: Manifest, now: datetime) -> Restored:
    """What stays in the database, in one transaction."""
    _bring_if_missing(settings, backup, found, erasure_log.FILE)
    with writing():
        made = replaying.replay_all(settings, found.taken_at, now, found.mark)
        backed_up.note(found.taken_at)
        db.session.commit()
    return Restored(dict(made.found))


def _bring_files(settings: Settings, backup: Path, found: Manifest, stamp: str) -> None:
    """Evidence, and the checkpoints as they were: the newer ones tell of a ledger that is no more, and are
    kept."""
    for name in found.parts:
        if name.startswith(f"{EVIDENCE}/"):
            _bring_if_missing(settings, backup, found, name)
    forget_released()
    beside = settings.data_dir / publishing.FILE
    if beside.exists():
        os.replace(beside, beside.with_name(f"{beside.name}.before-{stamp}"))
    _bring_if_missing(settings, backup, found, publishing.FILE)


def _bring_if_missing(settings: Settings, backup: Path, found: Manifest, name: str) -> None:
    there = settings.data_dir / name
    if name not in found.parts or there.exists():
        return
    there.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = there.with_name(f"{there.name}.part")
    shutil.copyfile(backup / name, part)
    part.chmod(0o600)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(part, there)


def _doubts(settings: Settings, now: datetime) -> list[str]:
    """What is wrong with the restored desk itself, or with what belongs to it."""
    doubts = []
    if n := listing.unreadable():
        doubts.append(f"Endpoints whose secret cannot be read: {n:,}. {listing.HOW_TO_READ}")
    try:
        key = keys.public_key(settings)
        ran = verification.run(verification.COMMAND, housekeeping.anchors(settings), now)
    except ConfigError as problem:
        return [*doubts, str(problem)]
    if key is None and sealer.newest():
        doubts.append(f"There is no {keys.FILE} in the data folder: put it back before you start the worker.")
    if ran.fault:
        doubts.append(f"The ledger of the backup is not whole: {ran.fault}")
    return doubts


def _swap(settings: Settings, stamp: str) -> str | None:
    url = settings.database_url
    if is_sqlite(url):
        file = sqlite.file_of(url)
        aside = sqlite.swap(url, file.with_name(f"{file.name}-restoring"), stamp)
        return str(aside) if aside else None
    return postgresql.swap(url, stamp)
