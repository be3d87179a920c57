"""`heed ledger prove`."""

import os
import shutil
from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp import clock
from webapp.customers import identities
from webapp.customers.models import Customer
from webapp.customers.proof import making
from webapp.customers.proof.views import page
from webapp.extensions import db

ACTOR = "system"


@click.command("prove")
@click.argument("customer_id", type=click.IntRange(min=1))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def prove_command(customer_id: int, file: Path) -> None:
    """Write to FILE what proves the consent of a customer, with the program that checks it."""
    customer = db.session.get(Customer, customer_id)
    if customer is None:
        raise click.ClickException(f"There is no customer {customer_id}.")
    kept = identities.survivor(customer).id
    try:
        _write(file, kept)
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from None
    click.echo(f"The proof pack of customer {kept} is written to {file}.", err=True)


def _write(file: Path, customer_id: int) -> None:
    """All of it or nothing."""
    part = file.with_name(f"{file.name}.part")
    try:
        with (
            part.open("wb") as target,
            making.make(customer_id, page, actor=ACTOR, now=clock.now()) as pack,
        ):
            shutil.copyfileobj(pack, target)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
