"""`heed move`: from SQLite to PostgreSQL."""

import sys

import click
import psycopg
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from webapp import clock, create_app
from webapp.campaigns import switch
from webapp.campaigns.models import Sending
from webapp.config import ConfigError, Settings
from webapp.consent.sealing import housekeeping, verification
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.extensions import db
from webapp.moving import copying, source, target
from webapp.moving.refusals import CannotMove
from webapp.tables import METADATA

NEXT = """Next:
  1. set DATABASE_URL to the new database, for the web part and the worker;
  2. keep SECRET_KEY and the data folder (HEED_DATA_DIR): keys, files of evidence and checkpoints stay in it;
  3. start both again, and look at Status."""
ASK = "Switch sending off in the old database, so that it cannot send by mistake?"
STILL_ON = "Sending is still on in the old database: do not start it again."


@click.command("move")
@click.option("--to", required=True, metavar="URL", help="An empty PostgreSQL database.")
@click.option("--switch-off-old/--leave-old", default=None, help="Switch sending off in the old database, or"
              " do not ask.")  # fmt: skip
@with_appcontext
def move_command(to: str, switch_off_old: bool | None) -> None:
    """Copy this desk from SQLite to PostgreSQL: all of it and exactly, or nothing."""
    db.engine.dispose()  # whoever looked at the version left a connection, and even an idle one is in the way
    here, there = current_app.config["HEED"].database_url, _url(to)
    try:
        _move(here, there)
    except CannotMove as refusal:
        raise click.ClickException(str(refusal)) from None
    target.analyze(there)
    _retire(switch_off_old)
    fault = _verify(there)
    click.echo(NEXT, err=True)
    if fault:
        raise click.ClickException(f"{fault} The copy is exact: the old database has this fault, too.")


def _url(to: str) -> str:
    try:
        return Settings.from_environ({"DATABASE_URL": to}).database_url
    except ConfigError as problem:
        raise click.UsageError(f"--to is read as DATABASE_URL is. {problem}") from None


def _move(here: str, there: str) -> None:
    with source.held(here) as desk:
        target.prepare(there)
        try:
            with target.filling(there, METADATA) as database:
                total = 0
                for name, rows in copying.copy(desk, database, METADATA):
                    total += rows
                    click.echo(f"{name}: {rows:,}", err=True)
                copying.compare(desk, database, METADATA)
                target.raise_sequences(database, METADATA, source.last_numbers(desk))
                database.execute(update(Sending).values(place=None))  # moved on purpose: it is no copy
        except (DBAPIError, psycopg.Error) as problem:
            why = target.first_line(getattr(problem, "orig", problem))
            raise CannotMove(f"PostgreSQL did not take the copy, and nothing is in it: {why}") from None
    click.echo(f"Copied {total:,} rows and read every one back: they are the same.", err=True)


def _retire(wanted: bool | None) -> None:
    """Two desks that send would send twice; the old one is changed only if the person says so."""
    if wanted is None:
        wanted = sys.stdin.isatty() and click.confirm(ASK, default=True, err=True)
    if wanted:
        with writing():
            switch.set_enabled(False, actor="system", now=clock.now())
            db.session.commit()
    elif switch.current().enabled:
        click.echo(STILL_ON, err=True)


def _verify(url: str) -> str | None:
    """Verify the ledger where it is now, with the checkpoints of the data folder; the fault, if any."""
    settings: Settings = current_app.config["HEED"]
    moved = create_app({"DATABASE_URL": url, "HEED_DATA_DIR": str(settings.data_dir)}, web=False)
    with moved.app_context():
        ran = verification.run(verification.COMMAND, housekeeping.anchors(settings), clock.now())
        by_status = db.session.execute(select(Customer.status, func.count()).group_by(Customer.status)).all()
        fault, events, seals = ran.fault, ran.events, ran.seals
        db.session.remove()
        db.engine.dispose()
    told = ", ".join(f"{n:,} {status}" for status, n in sorted(by_status))
    click.echo(f"Customers by consent: {told or 'none'}.", err=True)
    if not fault:
        click.echo(f"The ledger is whole: {events:,} events, {seals:,} seals.", err=True)
    return fault
