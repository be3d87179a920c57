"""The `heed` command: a group of Flask commands over the same verbs as the pages."""

import sys

import click
from flask import Flask, current_app
from flask.cli import FlaskGroup, ScriptInfo, with_appcontext
from huey import Huey

from webapp import create_app, database, file_modes, heaps, logs, schema, tasks
from webapp.accounts.commands import token_group, user_group
from webapp.backups.commands import backup_command, restore_command, sending_group
from webapp.campaigns.commands import audit_command
from webapp.config import Settings
from webapp.consent.commands import keywords_group, ledger_group
from webapp.customers.commands import export_command, import_command, reindex_command
from webapp.customers.erasure.commands import erasures_group
from webapp.customers.proof.commands import prove_command
from webapp.demo.commands import demo_command
from webapp.extensions import db
from webapp.moving.commands import move_command
from webapp.status.commands import doctor_command
from webapp.whatsapp.commands import templates_group

ON_ANY_DATABASE = {"init", "doctor", "backup", "restore"}
"""They look at the version by themselves, or make it right."""


def _app() -> Flask:
    return create_app(web=False)


class FittingGroup(FlaskGroup):
    """Commands, of which most touch only a database of the version that this Heed knows."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        if name not in ON_ANY_DATABASE and "--help" not in rest:
            with ctx.ensure_object(ScriptInfo).load_app().app_context():
                _require_schema()
        return name, command, rest


@click.group(
    cls=FittingGroup, create_app=_app, add_default_commands=False, add_version_option=False, load_dotenv=True
)
@click.version_option(package_name="heed", prog_name="Heed")
def heed() -> None:
    """Heed: the consent desk of a WhatsApp business."""


@heed.command("init")
@with_appcontext
def init() -> None:
    """Bring the database named by DATABASE_URL to the newest version."""
    settings = current_app.config["HEED"]
    database.migrate(settings.database_url, secret_key=settings.secret_key)


@heed.command("worker")
@with_appcontext
def worker() -> None:
    """Run the task worker; exit 1 when the database is not as this Heed wants it."""
    settings = current_app.config["HEED"]
    logs.configure(settings.log_level, sys.stderr)
    logs.tell_crashes()
    file_modes.warn(settings.data_dir)
    heaps.share()
    queue, app = _queue(settings), current_app._get_current_object()  # type: ignore[attr-defined]
    app.extensions["heed-tasks"] = tasks.register(queue, app)
    tasks.work(queue, app)
    _require_schema()


def _queue(settings: Settings) -> Huey:
    try:
        return tasks.open_queue(settings)
    except tasks.OUT_OF_REACH as problem:
        raise click.ClickException(f"The task queue is out of reach: {problem}. {tasks.WHAT_TO_DO}") from None


def _require_schema() -> None:
    if why := schema.wrong(db.engine):
        raise click.ClickException(why)


for command in (
    user_group, token_group, ledger_group, keywords_group, import_command, export_command, reindex_command,
    erasures_group, demo_command, templates_group, audit_command, move_command, doctor_command,
    backup_command, restore_command, sending_group,
):  # fmt: skip
    heed.add_command(command)
ledger_group.add_command(prove_command)
