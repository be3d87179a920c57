"""The triggers that keep the ledger append-only, lifted for the one lawful rewrite: removing demo data."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from webapp.extensions import db

GUARDS = {
    "sqlite": """SELECT name, sql FROM sqlite_master
        WHERE type = 'trigger' AND tbl_name = 'consent_events' ORDER BY name""",
    "postgresql": """SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger
        WHERE tgrelid = 'consent_events'::regclass AND NOT tgisinternal ORDER BY tgname""",
}
LIFT = {
    "sqlite": 'DROP TRIGGER "{name}"',
    "postgresql": 'DROP TRIGGER "{name}" ON consent_events',
}


def standing() -> dict[str, str]:
    """The ledger's triggers by name, each with the statement that creates it."""
    return dict(db.session.execute(text(GUARDS[_dialect()])).all())


@contextmanager
def lifted() -> Iterator[None]:
    """Inside, this transaction may delete from the ledger; afterwards the same triggers stand again.

    Nobody else gets in between: both databases lock the ledger from the first trigger dropped to the commit.
    After an error the caller rolls back, which brings the triggers back as well.
    """
    guards = standing()
    for name in guards:
        db.session.execute(text(LIFT[_dialect()].format(name=name)))
    yield
    for definition in guards.values():
        db.session.connection().exec_driver_sql(definition)


def _dialect() -> str:
    return db.session.get_bind().dialect.name
