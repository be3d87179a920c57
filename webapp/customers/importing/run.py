"""An import from its first line to its report: small transactions, flat memory."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from types import MappingProxyType

import phonenumbers
from psycopg.errors import DeadlockDetected, UniqueViolation
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from webapp import database, fault_points
from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.consent.models import Batch
from webapp.consent.rules import Status
from webapp.customers.attributes import attributes
from webapp.customers.attributes.values import column_of
from webapp.customers.erasure import suppressions
from webapp.customers.importing import opt_outs, people
from webapp.customers.importing.intake import Intake, Key
from webapp.customers.importing.rejects import Rejects
from webapp.customers.importing.report import ImportReport
from webapp.customers.importing.rows import Defaults, Reader, RefusedRow, Row
from webapp.customers.importing.table_file import (
    ATTRIBUTE,
    FALLBACK_ENCODING,
    Record,
    TableFile,
    UnusableFile,
    open_table,
)
from webapp.customers.models import AttributeKey, AttributeType
from webapp.customers.search import fold
from webapp.database import writing
from webapp.extensions import db

ROWS_AT_FIRST, FEWEST_ROWS, MOST_ROWS = 500, 50, 5000
LONGEST_SECONDS = 0.5
"""Of one transaction: a webhook that waits for SQLite's write lock meanwhile waits for less than a second."""
TRIES = 5
MANY_ROWS = 10_000
"""After so many the tables are not what PostgreSQL thinks they are."""
FILLED = ("customers", "identities", "customer_tags", "customer_attrs", "consent_events")


def import_file(
    path: str | Path,
    *,
    default_country: str | None = None,
    consent: str = "",
    evidence: str = "",
    dry_run: bool = False,
    actor: str,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> ImportReport:
    """Take the customers of a file over; `progress` is told the rows read so far.

    `consent` and `evidence` hold for the rows that state none. Commits as it goes. A dry run writes nothing;
    a new person that stands again in a later transaction counts as new twice in it. Raises UnusableFile, and
    suppressions.WrongKey when nobody can tell who was erased.
    """
    table = open_table(Path(path))
    defaults = Defaults(_country(default_country), consent, evidence)
    report = ImportReport(dry_run=dry_run, notes=_notes(table))
    types = types_of(table)
    db.session.commit()  # a transaction that has only read could not become a writing one
    with ExitStack() as stack:
        rejects = None if dry_run else stack.enter_context(Rejects(table))
        run = Run(table, defaults, types, actor, now, report, rejects)
        run.go(progress=progress)
    if rejects and report.listed:
        report.rejected_file = rejects.path
    return report


@dataclass
class Run:
    """An import under way; without `rejects` it is a dry run, which writes nothing and locks nobody."""

    table: TableFile
    defaults: Defaults
    types: dict[str, str]
    actor: str
    now: datetime
    report: ImportReport
    rejects: Rejects | None
    batch_id: int | None = None
    """Of the batch that is filled; None to open one."""
    checkpoint: Callable[[ImportReport], None] | None = None
    """Called in each transaction before its commit, to keep how far the import is."""
    should_stop: Callable[[], bool] = lambda: False
    """Asked between the transactions."""
    reader: Reader = field(init=False)
    started: float = field(default_factory=time.monotonic)
    portion: int = field(default_factory=lambda: min(ROWS_AT_FIRST, MOST_ROWS))

    def __post_init__(self) -> None:
        self.reader = Reader(self.table.columns, self.types, self.defaults)

    def go(self, start_at: int = 0, progress: Callable[[int], None] | None = None) -> bool:
        """Take the records behind number `start_at` over; False when it was to stop before the end."""
        records = islice(self.table.records(), start_at, None)
        while chunk := self._next(records):
            if self.should_stop():
                return False
            self.take(chunk)
            if progress:
                progress(self.report.rows)
        self._finish()
        return True

    def _next(self, records: Iterator[Record]) -> list[Record]:
        with _no_collection():
            return list(islice(records, self.portion))

    def take(self, records: list[Record]) -> None:
        """One transaction. The rows are read before it begins, for it keeps all other writers waiting.

        Again from its start when somebody else put one of these people on record in this moment.
        """
        with _no_collection():
            self._take(records)

    def _take(self, records: list[Record]) -> None:
        rows = [(record, self._read(record)) for record in records]
        for tries_left in reversed(range(TRIES)):
            try:
                return self._take_all(rows)
            except (IntegrityError, OperationalError, UniqueViolation, DeadlockDetected) as crossed:
                db.session.rollback()
                if not tries_left or not _crossed(crossed):
                    raise

    def _take_all(self, rows: list[tuple[Record, Row | RefusedRow]]) -> None:
        report = self.report.copy()
        listed: list[tuple[Record, str]] = []
        with ExitStack() as stack:
            if self.rejects:
                stack.enter_context(writing())
            batch_id = self._batch() if self.rejects else 0
            began = time.monotonic()
            intake = self._intake([row for _, row in rows if isinstance(row, Row)], batch_id, report)
            for record, row in rows:
                if reasons := self._taken(intake, row):
                    listed.append((record, " ".join(reasons)))
                    report.list(record.line, listed[-1][1])
            if self.rejects:
                intake.write()
            self._end(batch_id, report, listed)
        self._adapt(time.monotonic() - began)

    def _intake(self, rows: list[Row], batch_id: int, report: ImportReport) -> Intake:
        places = [place for row in rows for place in row.addresses]
        lock = self.rejects is not None
        erased_keys = (suppressions.checked if lock else suppressions.standing)(places).keys()
        found = people.read(places, len(rows) or 1, lock)
        keys = self._keys()
        opt_ins = any(row.consent == Status.OPTED_IN for row in rows)
        told = opt_outs.told(found.by_id.values()) if opt_ins else {}
        return Intake(self.actor, self._now(), batch_id, report, keys, found, erased_keys, told)

    def _now(self) -> datetime:
        """Events of a file that takes long are recorded when they are written, to the minute: the seals take
        no event that says it is much older than they are."""
        return self.now + timedelta(minutes=(time.monotonic() - self.started) // 60)

    def _read(self, record: Record) -> Row | RefusedRow:
        try:
            return self.reader.read(record)
        except RefusedRow as refused:
            return refused

    def _taken(self, intake: Intake, row: Row | RefusedRow) -> list[str]:
        intake.report.rows += 1
        try:
            if isinstance(row, RefusedRow):
                raise row
            for place in row.addresses:
                if place.warning:
                    intake.report.doubtful += 1
                    break
            return intake.take(row)
        except RefusedRow as refused:
            intake.report.refused += 1
            return [str(refused)]

    def _keys(self) -> dict[str, Key]:
        """A dry run defines nothing."""
        names = {column.removeprefix(ATTRIBUTE): type for column, type in self.types.items()}
        if self.rejects:
            defined = ((name, attributes.define(name, type)) for name, type in names.items())
        else:
            defined = ((name, attributes.find(name) or AttributeKey(id=-number, name=name, type=type))
                       for number, (name, type) in enumerate(names.items(), 1))  # fmt: skip
        return {name: Key(key.id, key.name, column_of(key.type)) for name, key in defined}

    def _batch(self) -> int:
        if self.batch_id is not None:
            return self.batch_id
        name = self.table.path.name
        return batches.open_batch(BatchKind.IMPORT, name, actor=self.actor, now=self.now).id

    def _end(self, batch_id: int, report: ImportReport, listed: list[tuple[Record, str]]) -> None:
        """What is listed is in the file before the commit that says how long the file is."""
        if self.rejects is None:
            db.session.rollback()
            self.report.take_from(report)
            return
        report.rejects_bytes = self.rejects.add_all(listed, behind=self.report.rejects_bytes)
        db.session.execute(update(Batch).where(Batch.id == batch_id).values(done=report.rows))
        if self.checkpoint:
            self.checkpoint(report)
        fault_points.reached("import.stored")
        db.session.commit()
        fault_points.reached("import.committed")
        self.batch_id = batch_id
        self.report.take_from(report)

    def _adapt(self, seconds: float) -> None:
        """Others who write wait for no longer than about half a second, on slow disks too."""
        wanted = int(self.portion * LONGEST_SECONDS / max(seconds, 0.001))
        self.portion = max(FEWEST_ROWS, min(wanted, self.portion * 2, MOST_ROWS))

    def _finish(self) -> None:
        if self.rejects is None or self.batch_id is None:
            return
        with writing():
            ended = {"finished_at": self._now(), "total": self.report.rows}
            db.session.execute(update(Batch).where(Batch.id == self.batch_id).values(ended))
            db.session.commit()
        if self.report.rows >= MANY_ROWS:
            database.analyze(db.session.connection(), *FILLED)
            db.session.commit()


@contextmanager
def _no_collection() -> Iterator[None]:
    """A portion's rows hold no cycles, and to look through all of them for some takes a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _crossed(error: Exception) -> bool:
    """Whether somebody else did the same in this moment, and another try may end well."""
    orig = getattr(error, "orig", error)
    return isinstance(error, IntegrityError) or isinstance(orig, (UniqueViolation, DeadlockDetected))


def types_of(table: TableFile, chosen: Mapping[str, str] = MappingProxyType({})) -> dict[str, str]:
    """The types of the attributes by column; one that is new has the type `chosen` for it, or is text."""
    keys = {
        fold(column.removeprefix(ATTRIBUTE)): column
        for column in table.columns
        if column.startswith(ATTRIBUTE)
    }
    known = select(AttributeKey.key, AttributeKey.type).where(AttributeKey.key.in_(keys))
    types = {column: chosen.get(column, AttributeType.TEXT.value) for column in keys.values()}
    return types | {keys[key]: type for key, type in db.session.execute(known)}


def _country(raw: str | None) -> str | None:
    country = raw.strip().upper() if raw else None
    if country and country not in phonenumbers.SUPPORTED_REGIONS:
        raise UnusableFile(f"“{raw}” is no country. Write two letters, such as BR or DE.")
    return country


def _notes(table: TableFile) -> list[str]:
    notes = []
    if table.encoding == FALLBACK_ENCODING:
        notes.append("The file is not UTF-8 and was read as Windows-1252: check the accents.")
    if table.ignored:
        notes.append(f"Columns that mean nothing here: {', '.join(table.ignored)}.")
    return notes
