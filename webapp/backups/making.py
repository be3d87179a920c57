"""A backup is made: all of the desk at one moment, in a folder that has its name only when it is whole."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from webapp.backups import manifest, postgresql, sqlite
from webapp.backups.manifest import EVIDENCE, POSTGRESQL, SQLITE, Manifest
from webapp.backups.refusals import Refused
from webapp.config import Settings
from webapp.consent.sealing import publishing
from webapp.customers.erasure import log as erasure_log
from webapp.customers.erasure.suppression_key import sync
from webapp.customers.journal import log
from webapp.database import is_sqlite

LOCK = ".lock"
LONGEST_TRANSACTION = timedelta(hours=1)
"""No transaction takes so long: what the journal tells of before is in the backup, or came to nothing."""
BESIDE = (publishing.FILE, erasure_log.FILE)
"""Copied before the database: sealing then finds what a file lacks in the database, and no checkpoint tells
of more than the backup holds. The keys stay apart."""
COUNTED = ("customers", "consent_events", "seals", "campaigns", "deliveries")
Moment = tuple[Any, Callable[[Path], str]]


def make(settings: Settings, place: Path, now: datetime, keep: int | None) -> tuple[Path, Manifest]:
    """A new backup in the folder `place`. With `keep` only so many stay, and the opt-out journal begins with
    the oldest of them. Raises Refused and OSError."""
    os.umask(0o077)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(place):
        folder = place / f"heed-{now:%Y%m%dT%H%M%S%fZ}"
        part = folder.with_suffix(".part")
        part.mkdir(mode=0o700)
        made = _fill(settings, part, now)
        made.write(part)
        _put_on_disk(part)
        os.replace(part, folder)
        sync(place)
        if keep:
            _rotate(settings, place, keep)
    return folder, made


def check(folder: Path) -> Manifest:
    """Read a backup through. Raises NoBackup, and Refused with what is wrong."""
    found = manifest.read(folder)
    manifest.check_parts(found, folder)
    (sqlite if found.engine == "sqlite" else postgresql).check(folder / found.database)
    return found


@contextmanager
def _alone(place: Path) -> Iterator[None]:
    """Only one backup is made there at a time; what an earlier one left behind when it died goes."""
    handle = os.open(place / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in place.glob("heed-*.part"):
            shutil.rmtree(left)
        yield
    except BlockingIOError:
        raise Refused(f"Another backup is being made in {place}.") from None
    finally:
        os.close(handle)


def _fill(settings: Settings, part: Path, now: datetime) -> Manifest:
    mark = log.read(settings.data_dir / log.FILE).mark
    made = Manifest(version("heed"), "", "sqlite", now, mark)
    for name in BESIDE:
        if (settings.data_dir / name).exists():
            manifest.keep(made, part, name, settings.data_dir / name)
    fill = _fill_sqlite if is_sqlite(settings.database_url) else _fill_postgresql
    evidence = fill(settings.database_url, part, made)
    for sha256 in evidence:
        _keep_evidence(settings, part, made, sha256)
    return made


def _fill_sqlite(url: str, part: Path, made: Manifest) -> list[str]:
    sqlite.copy(url, part / SQLITE)
    with sqlite.opened(part / SQLITE) as connection:
        evidence = _facts(connection, made)
    manifest.keep(made, part, SQLITE)
    return evidence


def _fill_postgresql(url: str, part: Path, made: Manifest) -> list[str]:
    made.engine = "postgresql"
    with postgresql.moment(url) as (connection, snapshot):
        evidence = _facts(connection, made)
        postgresql.dump(url, snapshot, postgresql.version(connection), part / POSTGRESQL)
    manifest.keep(made, part, POSTGRESQL)
    return evidence


def _facts(connection: Any, made: Manifest) -> list[str]:
    """What the manifest tells of the database; the files of evidence that it names."""
    made.schema = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    for table in COUNTED:
        made.counts[table] = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 our own names
    made.counts["last_event"] = connection.execute("SELECT max(id) FROM consent_events").fetchone()[0] or 0
    named = "SELECT DISTINCT file_sha256 FROM evidence WHERE file_sha256 IS NOT NULL ORDER BY 1"
    return [row[0] for row in connection.execute(named).fetchall()]


def _keep_evidence(settings: Settings, part: Path, made: Manifest, sha256: str) -> None:
    name = f"{EVIDENCE}/{sha256[:2]}/{sha256}"
    try:
        manifest.keep(made, part, name, settings.data_dir / name)
    except FileNotFoundError:
        made.lacking.append(sha256)


def _put_on_disk(part: Path) -> None:
    with (part / manifest.FILE).open("rb") as file:
        os.fsync(file.fileno())
    for folder in {part, *(each.parent for each in part.rglob("*"))}:
        folder.chmod(0o700)
        sync(folder)


def _rotate(settings: Settings, place: Path, keep: int) -> None:
    kept, gone = list(manifest.all_in(place))[:keep], list(manifest.all_in(place))[keep:]
    oldest = manifest.read(kept[-1])
    log.trim(settings.data_dir, oldest.taken_at - LONGEST_TRANSACTION, oldest.mark)
    for folder in gone:
        shutil.rmtree(folder)
