"""`heed backup`, `heed restore`, `heed sending confirm`."""

import sys
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from webapp import clock
from webapp.backups import confirming, difference, making, replaying, restoring
from webapp.backups.refusals import NoBackup, Refused
from webapp.campaigns import switch
from webapp.config import Settings
from webapp.customers.journal import backed_up
from webapp.database import OUT_OF_REACH, writing
from webapp.extensions import db
from webapp.formatting import file_size

UNUSABLE = 2
ASK = "May this desk send again now? Only if no other desk sends in its place."
STAYS_OFF = (
    "Sending stays off. `heed sending confirm`, or an admin under Campaigns, lets the desk send again."
)


@click.command("backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), required=False)
@click.option("--keep", type=click.IntRange(min=1), help="Keep so many backups there; older ones go.")
@click.option("--verify", is_flag=True, help="FOLDER is a backup: read it through, and make none.")
@with_appcontext
def backup_command(folder: Path | None, keep: int | None, verify: bool) -> None:
    """Back the whole desk up into FOLDER (`backups` in the data folder) while it is at work. The keys stay
    apart."""
    settings: Settings = current_app.config["HEED"]
    if verify and folder is None:
        raise click.UsageError("Name the backup to verify.")
    try:
        if verify:
            found = making.check(folder)  # type: ignore[arg-type]
        else:
            folder, found = making.make(settings, folder or settings.data_dir / "backups", clock.now(), keep)
            _note(found.taken_at)
    except NoBackup as problem:
        raise click.UsageError(str(problem)) from None
    except (Refused, OSError, *restoring.BROKEN) as refusal:
        raise click.ClickException(_in_a_line(refusal)) from None
    size = sum(part["bytes"] for part in found.parts.values())
    click.echo(f"{folder}: {file_size(size)}, {found.counts['customers']:,} customers, ledger up to event "
               f"{found.counts['last_event']:,}. Keys are not in it.", err=True)  # fmt: skip
    if found.lacking:
        click.echo(f"Files of evidence that were gone: {len(found.lacking):,}.", err=True)


def _in_a_line(problem: Exception) -> str:
    """What the system says has a number before it, and what a database says goes on for lines."""
    if isinstance(problem, OSError):
        place = f"{problem.filename}: " if problem.filename else ""
        return f"{place}{problem.strerror}."
    if isinstance(problem, restoring.BROKEN):
        return f"The database says: {str(getattr(problem, 'orig', problem)).strip().partition(chr(10))[0]}"
    return str(problem)


def _note(at: datetime) -> None:
    """So that Status knows its age. The backup is whole all the same when the database is too busy for it, or
    when whoever makes backups may only read."""
    try:
        with writing():
            backed_up.note(at)
            db.session.commit()
    except (*OUT_OF_REACH, DBAPIError) as problem:
        db.session.rollback()
        click.echo(f"The desk could not note that it was backed up ({type(problem).__name__}).", err=True)


@click.command("restore")
@click.argument("backup", type=click.Path(path_type=Path), required=False)
@click.option("--replace", is_flag=True, help="The database holds a desk: keep that under another name.")
@click.option("--in-place", is_flag=True, help="The database was put back by other means: only repeat what"
              " came after.")  # fmt: skip
@with_appcontext
def restore_command(backup: Path | None, replace: bool, in_place: bool) -> None:
    """Put BACKUP back. Sending is off then, and every opt-out of after the backup stands again."""
    if (backup is None) != in_place or (in_place and replace):
        raise click.UsageError("Name a backup, or say --in-place.")
    settings: Settings = current_app.config["HEED"]
    try:
        found = _in_place(settings) if backup is None else _restore(settings, backup, replace)
    except NoBackup as problem:
        raise click.UsageError(str(problem)) from None
    except (Refused, OSError, *restoring.BROKEN) as refusal:
        raise click.ClickException(_in_a_line(refusal)) from None
    for sentence in difference.sentences(found):
        click.echo(f"- {sentence}", err=True)
    _ask()


def _restore(settings: Settings, backup: Path, replace: bool) -> dict[str, object]:
    done = restoring.restore(settings, backup, clock.now(), replace=replace)
    click.echo(f"Restored from {backup}, with sending off.", err=True)
    if done.aside:
        click.echo(f"The database of before is kept as {done.aside}.", err=True)
    for warning in done.warnings:
        click.echo(f"Look at this: {warning}", err=True)
    return done.found


def _in_place(settings: Settings) -> dict[str, object]:
    with writing():
        found = dict(replaying.replay_all(settings, None, clock.now()).found)
        db.session.commit()
    return found


def _ask() -> None:
    """Sending is on again only if a person says so."""
    if sys.stdin.isatty() and click.confirm(ASK, default=False, err=True):
        _confirm()
    else:
        click.echo(STAYS_OFF, err=True)


@click.group("sending")
def sending_group() -> None:
    """Whether this desk may send."""


@sending_group.command("confirm")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def confirm_command(yes: bool) -> None:
    """After a restore, or in a copy or at a new place: this desk may send."""
    why = switch.unconfirmed(switch.current())
    if not why:
        click.echo("Nothing waits to be confirmed.", err=True)
        return
    click.echo(why, err=True)
    db.session.rollback()
    if not yes and not (sys.stdin.isatty() and click.confirm(ASK, default=False, err=True)):
        raise click.ClickException(STAYS_OFF)
    _confirm()


def _confirm() -> None:
    with writing():
        confirming.confirm("system", clock.now())
        db.session.commit()
    off = switch.off(current_app.config["HEED"])
    click.echo(f"Confirmed. {off or 'Sending is on.'}", err=True)
