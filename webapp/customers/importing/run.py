"""An import from its first line to its report: small transactions, flat memory."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import phonenumbers
from sqlalchemy import select

from webapp.consent import batches
from webapp.consent.batches import BatchKind
from webapp.customers import attributes, identities, suppressions
from webapp.customers.importing.intake import Intake
from webapp.customers.importing.rejects import Rejects
from webapp.customers.importing.report import ImportReport
from webapp.customers.importing.rows import Defaults, RefusedRow, Row, parse
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

ROWS_PER_TRANSACTION = 100
"""Few enough that a webhook which waits for SQLite's write lock meanwhile waits for less than a second."""


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
    types = _types(table)
    db.session.commit()  # a transaction that has only read could not become a writing one
    with ExitStack() as stack:
        rejects = None if dry_run else stack.enter_context(Rejects(table))
        run = Run(table, defaults, types, actor, now, report, rejects)
        for records in _chunks(table.records()):
            run.take(records)
            if progress:
                progress(report.rows)
    if rejects and report.listed:
        report.rejected_file = rejects.path
    return report


@dataclass
class Run:
    """An import under way; without `rejects` it is a dry run."""

    table: TableFile
    defaults: Defaults
    types: dict[str, str]
    actor: str
    now: datetime
    report: ImportReport
    rejects: Rejects | None
    batch_id: int | None = None
    started: float = field(default_factory=time.monotonic)

    def take(self, records: list[Record]) -> None:
        """One transaction. The rows are read before it begins, for it keeps all other writers waiting."""
        rows = [(record, self._read(record)) for record in records]
        with writing():
            intake = self._intake(row for _, row in rows if isinstance(row, Row))
            for record, row in rows:
                self._take_one(intake, record, row)
            intake.close()
            self._end()

    def _intake(self, rows: Iterable[Row]) -> Intake:
        places = [place for row in rows for place in row.addresses]
        erased_keys = suppressions.checked(places).keys()
        known_keys = identities.known_keys(places)
        return Intake(
            self.actor, self._now(), self._batch(), self.report, self._keys(), known_keys, erased_keys
        )

    def _now(self) -> datetime:
        """Events of a file that takes long are recorded when they are written, to the minute: the seals take
        no event that says it is much older than they are."""
        return self.now + timedelta(minutes=(time.monotonic() - self.started) // 60)

    def _read(self, record: Record) -> Row | RefusedRow:
        try:
            return parse(record, self.table.columns, self.types, self.defaults)
        except RefusedRow as refused:
            return refused

    def _take_one(self, intake: Intake, record: Record, row: Row | RefusedRow) -> None:
        self.report.rows += 1
        reasons = self._refused(row) if isinstance(row, RefusedRow) else self._taken(intake, row)
        if reasons:
            self.report.list(record.line, " ".join(reasons))
            if self.rejects:
                self.rejects.add(record, " ".join(reasons))

    def _taken(self, intake: Intake, row: Row) -> list[str]:
        self.report.doubtful += any(place.warning for place in row.addresses)
        try:
            return intake.take(row)
        except RefusedRow as refused:
            return self._refused(refused)

    def _refused(self, refused: RefusedRow) -> list[str]:
        self.report.refused += 1
        return [str(refused)]

    def _keys(self) -> dict[str, AttributeKey]:
        names = {column.removeprefix(ATTRIBUTE): type for column, type in self.types.items()}
        return {name: attributes.define(name, type) for name, type in names.items()}

    def _batch(self) -> int:
        if self.batch_id is None:
            name = self.table.path.name
            self.batch_id = batches.open_batch(BatchKind.IMPORT, name, actor=self.actor, now=self.now).id
        return self.batch_id

    def _end(self) -> None:
        if self.rejects:
            db.session.commit()
        else:
            db.session.rollback()
            self.batch_id = None


def _chunks(records: Iterator[Record]) -> Iterator[list[Record]]:
    while chunk := list(islice(records, ROWS_PER_TRANSACTION)):
        yield chunk


def _types(table: TableFile) -> dict[str, str]:
    """The types of the attributes by column; one that is new is text."""
    keys = {
        fold(column.removeprefix(ATTRIBUTE)): column
        for column in table.columns
        if column.startswith(ATTRIBUTE)
    }
    known = select(AttributeKey.key, AttributeKey.type).where(AttributeKey.key.in_(keys))
    types = dict.fromkeys(keys.values(), AttributeType.TEXT.value)
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
