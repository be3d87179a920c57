"""`heed demo`: an invented desk to try everything on, and its removal."""

import sys
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import select

from webapp import clock
from webapp.consent import guards
from webapp.consent.sealing.giving_up import give_up
from webapp.customers.models import Customer
from webapp.database import writing
from webapp.demo import clearing, desk, people
from webapp.extensions import db


@click.command("demo")
@click.option("--customers", type=click.IntRange(1, people.MOST), default=500, show_default=True)
@click.option("--clear", is_flag=True, help="Remove the demo data again.")
@with_appcontext
def demo_command(customers: int, clear: bool) -> None:
    """Fill the desk with invented customers, the same ones each time, or clear them away."""
    if clear:
        _clear()
    else:
        _fill(customers)


def _fill(customers: int) -> None:
    if _some(~Customer.demo):
        raise click.ClickException("This database holds real customers; demo data is not mixed with them.")
    if _some(Customer.demo):
        raise click.ClickException("There is demo data already; remove it with heed demo --clear.")
    with _progress(customers) as bar:
        for added in desk.fill(customers, clock.now()):
            bar.update(added)
    _give_up_seals()
    click.echo(f"Added {customers:,} demo customers.", err=True)


def _give_up_seals() -> None:
    """Invented histories are older than a seal of before, which could not have overlooked them."""
    with writing(), guards.lifted():
        give_up(current_app.config["HEED"], clock.now())
        db.session.commit()


def _clear() -> None:
    with writing():
        cleared = clearing.clear(clock.now())
        db.session.commit()
    click.echo(f"Removed {cleared.removed:,} demo customers.", err=True)
    if cleared.kept:
        click.echo(f"Kept {cleared.kept:,}, opted out: a real person had asked from that number.", err=True)


def _some(which: object) -> bool:
    found = db.session.scalar(select(Customer.id).where(which).limit(1))
    db.session.rollback()  # the next transaction has to begin as a writing one
    return found is not None


def _progress(customers: int) -> Any:
    brief = customers <= desk.AT_ONCE
    return click.progressbar(length=customers, label="Customers", file=sys.stderr, hidden=brief)
