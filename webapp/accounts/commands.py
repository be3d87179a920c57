"""`heed user …` and `heed token …`."""

import sys
from typing import NoReturn

import click
from flask import current_app
from flask.cli import AppGroup

from webapp.accounts import links, second_step, sessions, tokens, trail, users
from webapp.accounts.account_event import Happened
from webapp.accounts.links import UserIsDisabled
from webapp.accounts.models import User
from webapp.accounts.passwords import UnfitPassword
from webapp.accounts.roles import Role
from webapp.accounts.tokens import UnfitName
from webapp.accounts.users import EmailTaken, UnfitEmail
from webapp.clock import now
from webapp.database import writing
from webapp.extensions import db

REFUSED, UNUSABLE = 1, 2

role_option = click.option("--role", type=click.Choice([role.value for role in Role]), required=True)

user_group = AppGroup("user", help="People who work at the desk.")
token_group = AppGroup("token", help="API tokens for programs.")


@user_group.command("add")
@click.argument("email")
@role_option
@click.option("--name", default="", help="How the person is called in the history.")
def add_user(email: str, role: str, name: str) -> None:
    """Add a user. The password comes from standard input, or is asked for at a terminal.

    Without a password the user signs in by a link of `heed user link`.
    """
    try:
        password = _read_password()
        with writing():
            user = users.create(email, Role(role), name=name, password=password, now=now())
            trail.record(Happened.ADDED, user, detail=user.role)
            db.session.commit()
    except (UnfitEmail, UnfitPassword) as unusable:
        _stop(unusable, UNUSABLE)
    except EmailTaken as refused:
        _stop(refused, REFUSED)
    hint = "" if password else f" There is no password: sign in with `heed user link {user.email}`."
    click.echo(f"Added {user.email} as {user.role}.{hint}", err=True)


@user_group.command("link")
@click.argument("email")
@click.option("--base-url", default="", help="Where the desk is reached; by default on this machine.")
def link(email: str, base_url: str) -> None:
    """Print a sign-in link that works once, for 15 minutes."""
    base = base_url.rstrip("/") or f"http://127.0.0.1:{current_app.config['HEED'].port}"
    with writing():
        user = _known(email)
        try:
            token = links.create(user, now())
        except UserIsDisabled as refused:
            _stop(refused, REFUSED)
        trail.record(Happened.LINK, user)
        db.session.commit()
    click.echo(f"{base}/sign-in/{token}")


@user_group.command("reset-second-step")
@click.argument("email")
def reset_second_step(email: str) -> None:
    """Let somebody who lost phone and recovery codes sign in without them; they are signed out everywhere."""
    with writing():
        user = _known(email)
        second_step.switch_off(user)
        sessions.revoke_all(user, now())
        trail.record(Happened.SECOND_STEP_RESET, user)
        db.session.commit()
    click.echo(f"{user.email} signs in without a second step now.", err=True)


@token_group.command("add")
@click.argument("name")
@role_option
def add_token(name: str, role: str) -> None:
    """Add an API token and print it, this once."""
    try:
        with writing():
            token, secret = tokens.create(name, Role(role), actor="system", now=now())
            trail.record(Happened.ADDED, token, detail=token.role)
            db.session.commit()
    except UnfitName as unusable:
        _stop(unusable, UNUSABLE)
    click.echo(secret)


def _known(email: str) -> User:
    user = users.find(email)
    if user is None:
        _stop(f"There is no user with the address {email}.", REFUSED)
    return user


def _read_password() -> str:
    if sys.stdin.isatty():
        return click.prompt("Password (empty: by link)", default="", show_default=False, hide_input=True,
                            confirmation_prompt=True, err=True)  # fmt: skip
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise UnfitPassword("The password is not text in UTF-8.") from None


def _stop(why: object, code: int) -> NoReturn:
    click.echo(str(why), err=True)
    sys.exit(code)
