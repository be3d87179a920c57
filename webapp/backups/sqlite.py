"""A SQLite desk: copied while it is at work, checked, and put in the place of another."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import make_url

from webapp import database
from webapp.backups.refusals import Refused
from webapp.customers.erasure.suppression_key import sync

IN_USE = (
    "The desk is in use: stop the web part and the worker, then restore. Until it is back webhooks are not "
    "answered, and Meta repeats them."
)
BESIDE = ("-wal", "-shm")
Error = database.sqlite_module().Error


def file_of(url: str) -> Path:
    return Path(make_url(url).database or "")


def copy(url: str, to: Path) -> None:
    """The desk as it is at one moment. All in one step of SQLite's online backup: writers go on meanwhile,
    and no change of theirs makes it begin anew."""
    with closing(_read_only(file_of(url))) as here, closing(_connect(to)) as there:
        there.execute("PRAGMA synchronous=OFF")  # it is put on disk with the other parts
        here.backup(there)
        there.execute("PRAGMA journal_mode=DELETE")  # so that it is one file


@contextmanager
def opened(file: Path) -> Iterator[Any]:
    """A connection that only reads; for the facts of a copy."""
    with closing(_read_only(file)) as connection:
        yield connection


def check(file: Path) -> None:
    """Raises Refused when SQLite finds the file damaged."""
    try:
        with opened(file) as connection:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    except Error as problem:
        found = str(problem)
    if found != "ok":
        raise Refused(f"The database in this backup is damaged: {found}. Take another one.")


def demand_nobody_uses(url: str) -> None:
    """Raises Refused while anybody else has the desk open. What its journal holds is in the file afterwards.
    A file that SQLite cannot read is nobody's."""
    if not file_of(url).exists():
        return
    with closing(_connect(file_of(url))) as connection, suppress(database.sqlite_module().DatabaseError):
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except database.sqlite_module().OperationalError as problem:
            if "locked" in str(problem):
                raise Refused(IN_USE) from None
            raise
        connection.execute("PRAGMA journal_mode=DELETE")


def beside(url: str) -> Path:
    """Where a desk is made ready before it takes the place of the present one; empty."""
    file = file_of(url)
    ready = file.with_name(f"{file.name}-restoring")
    for each in (ready, *(Path(f"{ready}{end}") for end in (*BESIDE, "-turn", "-journal"))):
        each.unlink(missing_ok=True)
    return ready


def swap(url: str, ready: Path, stamp: str) -> Path | None:
    """Put `ready` in the place of the present desk, in one step; the name under which that is kept, if there
    was one."""
    demand_nobody_uses(url)
    file = file_of(url)
    aside = file.with_name(f"{file.name}-before-{stamp}") if file.exists() else None
    if aside:
        os.link(file, aside)
        for end in BESIDE:  # only a damaged desk has them still; beside another file they would damage that
            with suppress(FileNotFoundError):
                os.rename(f"{file}{end}", f"{aside}{end}")
    os.replace(ready, file)
    Path(f"{ready}-turn").unlink(missing_ok=True)
    sync(file.parent)
    return aside


def _connect(file: Path) -> Any:
    return database.sqlite_module().connect(file, isolation_level=None, timeout=0)


def _read_only(file: Path) -> Any:
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    return database.sqlite_module().connect(
        address, uri=True, isolation_level=None, timeout=database.SQLITE_BUSY_SECONDS
    )
