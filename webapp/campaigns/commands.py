"""`heed audit`: did any marketing message start after its customer's opt-out?"""

import click
from flask.cli import with_appcontext

from webapp import clock
from webapp.campaigns.reports import audit_runs


@click.command("audit")
@with_appcontext
def audit_command() -> None:
    """List marketing messages that started after an opt-out; exit 1 when there is one."""
    found = audit_runs.run(audit_runs.COMMAND, clock.now())
    for violation in found:
        click.echo(
            f"delivery {violation.delivery_id} of campaign {violation.campaign_id} to customer "
            f"{violation.customer_id} started at {violation.started_at.isoformat()}: {violation.why}"
        )
    if found:
        raise click.ClickException(f"{len(found)} marketing messages started after an opt-out.")
    click.echo("No marketing message started after an opt-out.", err=True)
