"""Commands over the consent ledger and the keywords."""

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp import clock
from webapp.config import ConfigError
from webapp.consent import evidence_files, pack_records, packs, policy
from webapp.consent.keywords import KeywordSet, check_words
from webapp.consent.sealing import housekeeping, keys, verification
from webapp.consent.sealing.trails import NoCheckpoint
from webapp.database import writing
from webapp.extensions import db


@click.group("ledger")
def ledger_group() -> None:
    """The consent ledger."""


@ledger_group.command("verify")
@click.option(
    "--checkpoint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Checkpoints that were kept elsewhere: the ledger must lead to each of them.",
)
@click.option("--read-files", is_flag=True, help="Read every file of evidence and compare its SHA-256, too.")
@with_appcontext
def verify(checkpoint: Path | None, read_files: bool) -> None:
    """Check that nobody rewrote the ledger, and that every customer's state is what it adds up to."""
    try:
        known = replace(housekeeping.anchors(current_app.config["HEED"]), brought=checkpoint)
        ran = verification.run(verification.COMMAND, known, clock.now(), read_files=read_files)
    except (ConfigError, NoCheckpoint) as problem:
        raise click.UsageError(str(problem)) from None
    if ran.fault:
        raise click.ClickException(ran.fault)
    files = evidence_files.count()
    beside = f", {files:,} file{'s' if files != 1 else ''} of evidence" if files else ""
    click.echo(f"The ledger is whole: {ran.events:,} events, {ran.seals:,} seals{beside}.", err=True)


@ledger_group.command("key")
@with_appcontext
def key() -> None:
    """Print the public key that signs this ledger's checkpoints, in base64."""
    try:
        public = keys.public_key(current_app.config["HEED"])
    except ConfigError as problem:
        raise click.UsageError(str(problem)) from None
    if public is None:
        raise click.ClickException("There is no key yet: the first sealing makes one.")
    click.echo(base64.b64encode(public).decode())


@click.group("keywords")
def keywords_group() -> None:
    """The words that opt customers out and in."""


@keywords_group.command("show")
@with_appcontext
def show() -> None:
    """Print the words as JSON."""
    words = policy.configured_words(policy.current())
    click.echo(json.dumps({"opt_out": words.opt_out, "opt_in": words.opt_in}, ensure_ascii=False, indent=2))


@keywords_group.command("set")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def set_words(file: Path) -> None:
    """Replace the words by those of FILE, with the limits of the settings dialog."""
    given = _read(file)
    with writing():
        now = policy.current()
        words, errors = check_words(given["opt_out"], given["opt_in"], now.keywords_enabled)
        errors += packs.conflicts(words, pack_records.of_keys(now.packs))
        if errors:
            raise click.ClickException("\n".join(errors))
        _save(words)


def _save(words: KeywordSet) -> None:
    now = policy.current()
    wishes = policy.Wishes(now.keywords_enabled, words, now.unknown_may_receive)
    policy.change(wishes, version=None, actor="system", now=clock.now())
    db.session.commit()


def _read(file: Path) -> dict[str, list[str]]:
    try:
        content: Any = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.UsageError(f"{file.name} is not JSON: {error}") from None
    lists = content.values() if isinstance(content, dict) else []
    if not isinstance(content, dict) or set(content) != {"opt_out", "opt_in"} or not all(map(_words, lists)):
        raise click.UsageError('Expected {"opt_out": ["STOP", ...], "opt_in": ["START", ...]}')
    return content


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)
