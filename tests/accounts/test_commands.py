import re

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient

from tests.accounts.people import DANA, PASSWORD, a_user, is_signed_in, sign_in
from webapp import clock
from webapp.accounts import tokens, users
from webapp.accounts.commands import token_group, user_group
from webapp.accounts.roles import Role
from webapp.database import writing
from webapp.extensions import db


def run(app: Flask, *words: str, stdin: str | bytes = "") -> Result:
    group = {"user": user_group, "token": token_group}[words[0]]
    return app.test_cli_runner().invoke(group, list(words[1:]), input=stdin)


def test_a_user_is_added_with_the_password_from_standard_input(app: Flask, client: FlaskClient) -> None:
    added = run(app, "user", "add", "Dana@Example.com", "--role", "agent", stdin=f"{PASSWORD}\n")
    assert (added.exit_code, added.stdout) == (0, "")
    assert added.stderr == "Added dana@example.com as agent.\n"
    assert sign_in(client).status_code == 303


def test_without_a_password_the_user_signs_in_by_link(app: Flask, client: FlaskClient) -> None:
    added = run(app, "user", "add", DANA, "--role", "admin")
    assert added.exit_code == 0
    assert f"`heed user link {DANA}`" in added.stderr
    printed = run(app, "user", "link", DANA)
    assert re.fullmatch(r"http://127\.0\.0\.1:8000/sign-in/[\w-]{43}\n", printed.stdout)
    client.get(printed.stdout.strip().removeprefix("http://127.0.0.1:8000"))
    assert is_signed_in(client)


def test_the_link_names_the_address_that_was_given(app: Flask) -> None:
    run(app, "user", "add", DANA, "--role", "agent")
    printed = run(app, "user", "link", DANA.upper(), "--base-url", "https://desk.example/")
    assert printed.stdout.startswith("https://desk.example/sign-in/")


@pytest.mark.parametrize(
    ("words", "stdin", "code", "sentence"),
    [
        (["add", "kim@example.com", "--role", "agent"], "short\n", 2, "at least 12 characters"),
        (["add", "kim@example.com", "--role", "agent"], "qwerty123456\n", 2, "that are tried first"),
        (
            ["add", "kim@example.com", "--role", "agent", "--name", "Kim Poe"],
            "kim-poe-2026\n",
            2,
            "Others know",
        ),
        (["add", "kim", "--role", "agent"], "", 2, "not an e-mail address"),
        (["add", "kim@example.com", "--role", "owner"], "", 2, "owner"),
        (["add", "kim@example.com"], "", 2, "--role"),
        (["add", "kim@example.com", "--role", "agent"], b"\xff" * 12, 2, "not text in UTF-8"),
        (["add", DANA, "--role", "agent"], "", 1, "a user with the address dana@example.com already"),
        (["link", "kim@example.com"], "", 1, "There is no user with the address kim@example.com."),
        (["link", "kim"], "", 1, "There is no user with the address kim."),
    ],
)
def test_what_is_refused(app: Flask, words: list[str], stdin: str | bytes, code: int, sentence: str) -> None:
    with app.app_context():
        a_user()
    ended = run(app, "user", *words, stdin=stdin)
    assert (ended.exit_code, ended.stdout) == (code, "")
    assert sentence in ended.stderr
    with app.app_context():
        assert users.find("kim@example.com") is None


def test_a_disabled_user_gets_no_link(app: Flask) -> None:
    with app.app_context(), writing():
        users.disable(a_user(), clock.now())
        db.session.commit()
    ended = run(app, "user", "link", DANA)
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert "enable the user first" in ended.stderr


def test_a_token_is_printed_alone(app: Flask) -> None:
    added = run(app, "token", "add", "shop web", "--role", "agent")
    assert (added.exit_code, added.stderr) == (0, "")
    with app.app_context():
        token = tokens.find(added.stdout.removesuffix("\n"))
        assert (token.name, token.role, token.created_by) == ("shop web", Role.AGENT, "system")


@pytest.mark.parametrize(
    ("words", "sentence"), [(["add", " ", "--role", "agent"], "what will use"), (["add", "shop"], "--role")]
)
def test_a_token_needs_name_and_role(app: Flask, words: list[str], sentence: str) -> None:
    ended = run(app, "token", *words)
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert sentence in ended.stderr
