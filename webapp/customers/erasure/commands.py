"""`heed erasures`."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp import clock
from webapp.consent.housekeeping import forget_released
from webapp.customers.erasure import log as erasure_log
from webapp.customers.erasure import replay as erasure_replay
from webapp.customers.erasure.suppressions import WrongKey
from webapp.database import fold_journal, writing
from webapp.extensions import db

UNUSABLE = 2


@click.group("erasures")
def erasures_group() -> None:
    """People who were erased."""


@erasures_group.command("replay")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@with_appcontext
def replay(file: Path | None) -> None:
    """After a backup was restored: erase everybody again who is listed in FILE and back in the database.

    FILE is erasures.log of the data folder if it is not named. Safe to repeat.
    """
    try:
        log = erasure_log.read(file or erasure_log.path())
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(str(error)) from None
    try:
        with writing():
            erased = erasure_replay.replay(log.entries, clock.now())
            db.session.commit()
    except WrongKey as refusal:
        raise click.ClickException(str(refusal)) from None
    forget_released()
    fold_journal(db.engine)
    if log.unreadable:
        click.echo(f"Lines that are no erasure and were passed over: {log.unreadable:,}.", err=True)
    click.echo(f"{len(log.entries):,} erasures listed, {erased:,} records erased again.")


def _unusable(message: str) -> click.ClickException:
    error = click.ClickException(message)
    error.exit_code = UNUSABLE
    return error
