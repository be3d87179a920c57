"""Everything that can be wrong with a desk, a line each: what it needs, how it is set up, how it fares."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from webapp import schema
from webapp.checks import setup
from webapp.config import ConfigError, Settings
from webapp.database import OUT_OF_REACH, Damaged
from webapp.extensions import db
from webapp.status import graph_check, lines, setup_lines
from webapp.status.line import BAD, GOOD, WARNING, Line, named

GRADES = {GOOD: "ok", WARNING: "warning", BAD: "fault"}


def lines_of(settings: Settings, now: datetime, *, offline: bool) -> Iterator[Line]:
    """All of it; `offline` asks nobody outside of this desk. What could name a customer is left out."""
    yield _web(settings)
    usable = _schema()
    yield usable
    if usable.tone == GOOD:
        yield from setup_lines.of_areas(setup.areas(db.session, settings, now))
        for group in lines.groups(settings, now, admin=False):
            yield from (replace(line, words=line.outside or line.words) for line in group.lines)
    else:
        yield from setup_lines.of_areas(setup.of_machine(settings))
    if not offline:
        yield from graph_check.lines(settings, now)


def _web(settings: Settings) -> Line:
    line = named("environment", "Environment")
    try:
        settings.require_web()
    except ConfigError as missing:
        return line(WARNING, str(missing), "Run heed doctor with the environment of the web part.")
    return line(GOOD, "What the web part needs is set.")


def _schema() -> Line:
    line = named("migrations", "Migrations")
    try:
        why = schema.wrong(db.engine)
    except Damaged as problem:
        words = f"The database file is damaged: {problem.orig}."
        return line(BAD, words, "Keep it, and put a backup back: heed restore BACKUP --replace. Until then"
                    " webhooks are answered 503.")  # fmt: skip
    except OUT_OF_REACH as problem:
        words = f"The database is out of reach ({type(problem).__name__})."
        return line(BAD, words, "Check DATABASE_URL and that the database runs: webhooks are answered 503.")
    if why:
        return line(BAD, why, "Until then pages and webhooks are answered 503, and WhatsApp sends again.")
    return line(GOOD, "The database is as this Heed wants it.")
