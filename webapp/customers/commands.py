"""`heed import`, `heed export`, `heed reindex`."""

from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp import clock
from webapp.consent import disclosures
from webapp.consent.rules import Status
from webapp.customers.erasure.suppressions import WrongKey
from webapp.customers.exporting import export_file
from webapp.customers.importing import ImportReport, UnusableFile, import_file
from webapp.customers.reindex import reindex
from webapp.database import writing
from webapp.extensions import db

UNUSABLE = 2
ACTOR = "system"
ROWS_BETWEEN_MESSAGES = 10_000


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--default-country", metavar="BR", help="The country of numbers without a country code.")
@click.option(
    "--consent", type=click.Choice([Status.OPTED_IN.value, Status.OPTED_OUT.value]),
    help="The consent of rows that state none.",
)  # fmt: skip
@click.option("--evidence", metavar="TEXT", default="", help="What proves the consent of rows without proof.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@with_appcontext
def import_command(
    file: Path, default_country: str | None, consent: str | None, evidence: str, dry_run: bool
) -> None:
    """Take over the customers of FILE, a CSV with a column phone, wa_id or user_id.

    Further columns: name, tags (separated by ;), consent (opted_in, opted_out or empty), evidence, given_at
    and attr:NAME. Rows that were not (wholly) taken over stand with the reason in FILE.rejected.csv.
    """
    try:
        report = import_file(
            file, default_country=default_country, consent=consent or "", evidence=evidence, dry_run=dry_run,
            actor=ACTOR, now=clock.now(), progress=_progress(),
        )  # fmt: skip
    except UnusableFile as error:
        raise _unusable(str(error)) from None
    except WrongKey as error:
        raise click.ClickException(str(error)) from None
    _tell(report)


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@with_appcontext
def export_command(file: Path) -> None:
    """Write all customers to FILE as CSV."""
    try:
        written = export_file(file)
    except OSError as error:
        raise _unusable(f"{file} cannot be written: {error.strerror}.") from None
    db.session.rollback()
    with writing():
        disclosures.note("customers", filter="everybody", rows=written, actor=ACTOR, now=clock.now())
        db.session.commit()
    click.echo(f"{written:,} customers written to {file}.", err=True)


def _progress():
    """Tells on standard error, now and then, how far the import is."""
    told = 0

    def tell(rows: int) -> None:
        nonlocal told
        if rows - told >= ROWS_BETWEEN_MESSAGES:
            told = rows
            click.echo(f"{rows:,} rows read", err=True)

    return tell


def _tell(report: ImportReport) -> None:
    for note in report.notes:
        click.echo(note, err=True)
    for sentence in report.damage_told():
        click.echo(sentence, err=True)
    if report.doubtful:
        click.echo(f"Numbers that are possible but in doubt: {report.doubtful:,} rows.", err=True)
    if report.dry_run:
        for example in report.examples:
            click.echo(example, err=True)
    click.echo(report.summary())


def _unusable(message: str) -> click.ClickException:
    error = click.ClickException(message)
    error.exit_code = UNUSABLE
    return error


@click.command("reindex")
@with_appcontext
def reindex_command() -> None:
    """Rebuild what is written twice for speed: search texts, display copies, counts of tags."""
    with writing():
        repaired = reindex()
        db.session.commit()
    click.echo(f"{repaired:,} customers repaired.", err=True)
