"""Is the database set up so that what was committed stays, and what is searched is found?"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text

from webapp.checks.finding import Finding
from webapp.config import Settings
from webapp.database import CONNECTIONS, MORE_CONNECTIONS, MORE_OF_THE_WEB

FULL = 2
"""SQLite's number for synchronous=FULL."""
OLDEST_POSTGRESQL = 130_000
WAL_RESET_MENDED = (3, 51, 3)
SETTINGS = text("""
    SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit,
        current_setting('full_page_writes') AS full_page_writes,
        current_setting('max_connections')::int AS max_connections,
        current_setting('server_version_num')::int AS version,
        current_setting('server_encoding') AS encoding,
        current_setting('autovacuum') AS autovacuum,
        (SELECT datctype FROM pg_database WHERE datname = current_database()) AS letters,
        EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') AS trigrams""")

KEEPS_ORDER = 150_000
"""The first version that notes of a whole database by which order of letters it was made."""
ORDER = text("""
    SELECT datcollversion, pg_database_collation_actual_version(oid) FROM pg_database
    WHERE datname = current_database()""")


def findings(session: Any, settings: Settings) -> list[Finding]:
    """Of the database that the session speaks to."""
    if session.get_bind().dialect.name == "sqlite":
        return list(_of_sqlite(session))
    set_up = session.execute(SETTINGS).one()
    order = session.execute(ORDER).one() if set_up.version >= KEEPS_ORDER else (None, None)
    return [*of_postgresql(set_up, settings), *of_order(*order)]


def of_postgresql(set_up: Any, settings: Settings) -> list[Finding]:
    """Of a server and a database with these SETTINGS."""
    return [*_of_safety(set_up), *_of_text(set_up), *_of_room(set_up, settings)]


def _of_sqlite(session: Any) -> Iterator[Finding]:
    mode = session.scalar(text("PRAGMA journal_mode"))
    if mode != "wal":
        yield Finding(
            "journal",
            f"SQLite keeps its journal as {mode}, so pages wait for webhooks.",
            "Put the data folder on a local disk: network folders have no WAL.",
        )
    if session.scalar(text("PRAGMA synchronous")) < FULL:
        yield Finding(
            "synchronous",
            "SQLite does not wait for the disk: after a power cut an opt-out that WhatsApp was told is stored"
            " can be gone.",
            "Install this version of Heed anew: it opens the database with synchronous=FULL.",
            grave=True,
        )
    version = session.scalar(text("SELECT sqlite_version()"))
    if tuple(map(int, version.split("."))) < WAL_RESET_MENDED:
        yield Finding(
            "version",
            f"SQLite {version} can damage its journal in rare cases.",
            "Install the package pysqlite3-binary, or Python with SQLite 3.51.3 or newer.",
        )


def _of_safety(set_up: Any) -> Iterator[Finding]:
    for name in ("fsync", "full_page_writes"):
        if getattr(set_up, name) == "off":
            yield Finding(
                name,
                f"PostgreSQL runs with {name} off: a power cut can destroy everything.",
                f"Set {name} = on and restart PostgreSQL.",
                grave=True,
            )
    if set_up.synchronous_commit == "off":
        yield Finding(
            "synchronous_commit",
            "PostgreSQL runs with synchronous_commit off: an opt-out that"
            " WhatsApp was told is stored can be lost.",
            "Set synchronous_commit = on.",
            grave=True,
        )


def _of_text(set_up: Any) -> Iterator[Finding]:
    if set_up.encoding != "UTF8":
        yield Finding(
            "encoding",
            f"The database keeps text as {set_up.encoding}: some names cannot be stored.",
            "Make a database with ENCODING 'UTF8' and restore a dump into it.",
            grave=True,
        )
    if set_up.letters in ("C", "POSIX"):
        yield Finding(
            "letters",
            f"The database's locale is {set_up.letters}: search does not find names like Zoë.",
            "Make a database with LOCALE 'C.UTF-8' and restore a dump into it.",
        )
    if not set_up.trigrams:
        yield Finding(
            "trigrams",
            "The extension pg_trgm is missing: search reads every customer.",
            "As a superuser of the database: CREATE EXTENSION pg_trgm; then run heed init.",
        )


def of_order(made_by: str | None, now: str | None) -> Iterator[Finding]:
    """Of the versions of the system's order of letters, at the database's making and now."""
    if made_by and now and made_by != now:
        yield Finding(
            "collation",
            "The system sorts letters in another way than when the database was made: unique names can come"
            " twice, and lists can leave somebody out.",
            "Run REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION.",
            grave=True,
        )


def _of_room(set_up: Any, settings: Settings) -> Iterator[Finding]:
    wanted = connections(settings)
    if set_up.max_connections < wanted:
        yield Finding(
            "connections",
            f"PostgreSQL allows {set_up.max_connections} connections, and this desk may want {wanted}.",
            "Raise max_connections, or lower WEB_CONCURRENCY.",
        )
    if set_up.autovacuum == "off":
        yield Finding(
            "autovacuum",
            "PostgreSQL runs with autovacuum off: tables grow and pages get slow.",
            "Set autovacuum = on.",
        )
    if set_up.version < OLDEST_POSTGRESQL:
        yield Finding(
            "version",
            f"PostgreSQL {set_up.version // 10_000} is older than what Heed is tried with.",
            "Upgrade to 13 or newer.",
        )


def connections(settings: Settings) -> int:
    """How many the web part's processes and one worker may open, with the few that PostgreSQL reserves."""
    of_the_web = settings.web_concurrency * (CONNECTIONS + MORE_OF_THE_WEB)
    return of_the_web + CONNECTIONS + MORE_CONNECTIONS + 3
