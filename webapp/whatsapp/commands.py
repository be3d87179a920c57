"""`heed templates`: what WhatsApp has for this account."""

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp import clock
from webapp.whatsapp.graph import template_sync
from webapp.whatsapp.graph.management import CallFailed


@click.group("templates")
def templates_group() -> None:
    """The message templates of the WhatsApp account."""


@templates_group.command("sync")
@with_appcontext
def sync() -> None:
    """Fetch all templates from WhatsApp."""
    try:
        n = template_sync.synchronise(current_app.config["HEED"], clock.now())
    except CallFailed as failure:
        raise click.ClickException(str(failure)) from None
    click.echo(f"{n} templates.", err=True)
