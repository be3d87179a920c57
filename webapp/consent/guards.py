"""The triggers that keep the ledger append-only, lifted for the one lawful rewrite: removing demo data."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import bindparam, text

from webapp.extensions import db

GUARDED = ("consent_events", "forgotten_evidence", "sealed_events", "seals")
GUARDS = {
    "sqlite": """SELECT name, tbl_name, sql FROM sqlite_master
        WHERE type = 'trigger' AND tbl_name IN :tables ORDER BY name""",
    "postgresql": """SELECT tgname, relname, pg_get_triggerdef(pg_trigger.oid)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE relname IN :tables AND NOT tgisinternal ORDER BY tgname""",
}
LIFT = {
    "sqlite": 'DROP TRIGGER "{name}"',
    "postgresql": 'DROP TRIGGER "{name}" ON {table}',
}


def standing() -> dict[str, str]:
    """The ledger's triggers by name, each with the statement that creates it."""
    return {name: definition for name, _, definition in _triggers()}


@contextmanager
def lifted() -> Iterator[None]:
    """Inside, this transaction may delete from the ledger; afterwards the same triggers stand again.

    Nobody else gets in between: both databases lock the ledger from the first trigger dropped to the commit.
    After an error the caller rolls back, which brings the triggers back as well.
    """
    guards = _triggers()
    for name, table, _ in guards:
        db.session.execute(text(LIFT[_dialect()].format(name=name, table=table)))
    yield
    for _, _, definition in guards:
        db.session.connection().exec_driver_sql(definition)


def _triggers() -> list[tuple[str, str, str]]:
    """Name, table and definition of each."""
    query = text(GUARDS[_dialect()]).bindparams(bindparam("tables", GUARDED, expanding=True))
    return [tuple(row) for row in db.session.execute(query)]


def _dialect() -> str:
    return db.session.get_bind().dialect.name
