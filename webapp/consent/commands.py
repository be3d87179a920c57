"""Commands over the consent ledger and the keywords."""

import json
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext

from webapp import clock
from webapp.consent import evidence_files, ledger_check, pack_records, packs, policy
from webapp.consent.keywords import KeywordSet, check_words
from webapp.database import writing
from webapp.extensions import db


@click.group("ledger")
def ledger_group() -> None:
    """The consent ledger."""


@ledger_group.command("verify")
@click.option("--read-files", is_flag=True, help="Read every file of evidence and compare its SHA-256, too.")
@with_appcontext
def verify(read_files: bool) -> None:
    """Check that every customer's state equals what the ledger adds up to, and that its evidence is there."""
    if fault := ledger_check.first_fault(read_files=read_files):
        raise click.ClickException(fault)
    files = evidence_files.count()
    beside = f", {files:,} file{'s' if files != 1 else ''} of evidence" if files else ""
    click.echo(f"The ledger is whole: {ledger_check.size():,} events{beside}.", err=True)


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
