"""One PostgreSQL database that each test finds as if it were new. Emptying it costs a fifth of a copy of the
template; whenever more was changed in it than rows, it is dropped, and the next test gets a copy."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from psycopg import sql

from tests.postgres import Server

MOST = 200
"""Tests that one database serves: the room of what they left is not given back."""
SETTINGS = (
    "SET session_replication_role = replica",  # no trigger, no foreign key is in the way
    "SET synchronous_commit = on",  # what is emptied stays so, though the next test crashes the server
    "SET lock_timeout = '5s'",
)
TABLES = """SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    ORDER BY relname"""
CATALOGUES = (
    "pg_class", "pg_attribute", "pg_attrdef", "pg_constraint", "pg_index", "pg_trigger", "pg_proc", "pg_type",
    "pg_namespace", "pg_rewrite", "pg_sequence", "pg_extension", "pg_policy", "pg_event_trigger",
    "pg_description", "pg_inherits", "pg_statistic", "pg_statistic_ext", "pg_db_role_setting", "pg_database",
    "pg_default_acl", "pg_largeobject_metadata",
)  # fmt: skip
"""Of shared ones, what is of another database is another test's: none of them runs meanwhile."""
OTHERS = """SELECT coalesce(bool_or(state <> 'idle'), false), count(pg_terminate_backend(pid))
    FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'"""
SIZES = "SELECT sum(relpages), sum(reltuples) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
"""What plans go by. To count the rows of an empty table writes these in place: no catalogue shows it."""
COUNTED = "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"


class Reused:
    """The database of one process of tests; `fill` writes what each of them is to find in it."""

    def __init__(self, server: Server, fill: Callable[[str], None] | None = None) -> None:
        self.server, self.fill = server, fill
        self.name = ""
        self.served = 0
        self.kept: psycopg.Connection[Any] | None = None

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Its URL, for one test."""
        if self.kept is None:
            self._make()
        try:
            yield self.server.url(self.name)
        finally:
            if not self._is_as_new():
                self.drop()

    def drop(self) -> None:
        if self.kept is not None:
            self.kept.close()
            self.kept = None
            self.server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), self.name)

    def _make(self) -> None:
        self.name, self.served = f"test_{uuid.uuid4().hex}", 0
        self.server.execute(self.server.copied(), self.name)
        if self.fill:
            self.fill(self.server.url(self.name))
        self.kept = self.server.connect(self.name)
        for setting in SETTINGS:
            self.kept.execute(setting)
        self.tables = [table for (table,) in self._ask(TABLES)]
        self.seeded = {table: self._rows(table) for table in self._filled()}
        self.counted = self._ask(COUNTED)
        (self.newest,) = self.kept.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::xid").fetchone()
        self.made_of = self._catalogues()

    def _is_as_new(self) -> bool:
        """Empty it; False if that is not all that is to be done."""
        self.served += 1
        with suppress(psycopg.Error):
            if self.served < MOST and not self._in_use() and self._catalogues() == self.made_of:
                self._empty()
                return True
        return False

    def _in_use(self) -> bool:
        """Whether somebody still does something there; who waits only is sent away."""
        return bool(self._ask(OTHERS)[0][0])

    def _catalogues(self) -> list[tuple[Any, ...]]:
        """How many rows of each there are, and whether one was written since this database was made."""
        told = "SELECT '{0}', count(*), bool_or(age(xmin) < age('{1}'::xid)) FROM {0}"
        written = self._ask(" UNION ALL ".join(told.format(name, self.newest) for name in CATALOGUES))
        return written + self._ask(SIZES)

    def _filled(self) -> list[str]:
        asked = ", ".join(f'EXISTS (SELECT FROM "{table}")' for table in self.tables)
        (found,) = self._ask(f"SELECT {asked}")
        return [table for table, filled in zip(self.tables, found, strict=True) if filled]

    def _empty(self) -> None:
        with self.kept.transaction():
            for table in self._filled():
                self._ask_nothing(f'DELETE FROM "{table}"')  # noqa: S608 - a name that the catalogue told
            for table, rows in self.seeded.items():
                with self.kept.cursor().copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as copy:
                    copy.write(rows)
            if self._ask(COUNTED) != self.counted:
                self._count_anew()

    def _count_anew(self) -> None:
        self._ask_nothing("SELECT setval(sequencename::regclass, start_value, false) FROM pg_sequences")
        for sequence, last in self.counted:
            self._ask_nothing(f"SELECT setval('\"{sequence}\"'::regclass, {last})")

    def _rows(self, table: str) -> bytes:
        with self.kept.cursor().copy(f'COPY "{table}" TO STDOUT (FORMAT binary)') as copy:
            return b"".join(bytes(block) for block in copy)

    def _ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.kept.execute(query, prepare=True).fetchall()

    def _ask_nothing(self, statement: str) -> None:
        self.kept.execute(statement, prepare=True)
