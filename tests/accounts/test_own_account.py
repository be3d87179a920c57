"""What everybody does on /users/me."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.accounts.conftest import Browser
from tests.accounts.people import DANA, PASSWORD, a_user, is_signed_in, post, sign_in
from webapp import clock
from webapp.accounts import links
from webapp.accounts.models import UserSession
from webapp.accounts.roles import Role
from webapp.database import writing
from webapp.extensions import db

NEW = "another good one"


def change(client: FlaskClient, current: str = PASSWORD, new: str = NEW, again: str = NEW) -> TestResponse:
    return post(client, "/users/me/password", current=current, new=new, again=again)


def test_a_new_password_replaces_the_old_one_and_ends_the_other_sessions(
    browser_of: Browser, app: Flask
) -> None:
    mine, other = browser_of(Role.AGENT), app.test_client()
    sign_in(other, "agent@example.com")
    assert change(mine).status_code == 303
    assert is_signed_in(mine)
    assert not is_signed_in(other)
    assert sign_in(other, "agent@example.com").status_code == 422
    assert sign_in(other, "agent@example.com", NEW).status_code == 303


def test_a_copy_of_the_cookie_of_this_browser_ends_with_the_old_password(
    browser_of: Browser, app: Flask
) -> None:
    mine, thief = browser_of(Role.AGENT), app.test_client()
    thief.set_cookie("heed", mine.get_cookie("heed").value)
    assert is_signed_in(thief)
    assert change(mine, new="short", again="short").status_code == 422
    assert is_signed_in(mine), "who is refused keeps what they have"
    change(mine)
    assert is_signed_in(mine)
    assert not is_signed_in(thief)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"current": "not the right one"}, "That is not your current password."),
        ({"current": ""}, "That is not your current password."),
        ({"new": "short", "again": "short"}, "A password has at least 12 characters."),
        ({"new": "qwerty123456", "again": "qwerty123456"}, "one of the passwords that are tried first."),
        ({"new": "agent@example.com 1", "again": "agent@example.com 1"}, "Others know most of this"),
        ({"again": "something else"}, "The two passwords are not the same."),
        ({"new": "", "again": ""}, "Type the new password."),
    ],
)
def test_a_refused_change_says_why(browser_of: Browser, fields: dict[str, str], sentence: str) -> None:
    client = browser_of(Role.AGENT)
    answer = change(client, **fields)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_the_name_of_the_desk_makes_no_password(browser_of: Browser, app: Flask) -> None:
    client = browser_of(Role.AGENT)
    app.config["HEED"] = replace(app.config["HEED"], hosts=("localhost", ".blueshop.test"))
    assert "Others know most of this" in change(client, new="BlueShop#2026!", again="BlueShop#2026!").text


def test_guessing_the_current_password_is_slowed_down_too(browser_of: Browser) -> None:
    client = browser_of(Role.AGENT)
    for _ in range(10):
        change(client, current="not the right one")
    assert "Too many failed attempts" in change(client).text


def test_who_came_by_link_sets_a_first_password_without_a_current_one(app: Flask) -> None:
    client = app.test_client()
    with app.app_context(), writing():
        token = links.create(a_user(DANA, password=""), clock.now())
        db.session.commit()
    client.get(f"/sign-in/{token}")
    assert change(client, current="").status_code == 303
    assert sign_in(app.test_client(), DANA, NEW).status_code == 303


def test_another_browser_of_mine_can_be_signed_out(browser_of: Browser, app: Flask) -> None:
    mine, other = browser_of(Role.AGENT), app.test_client()
    sign_in(other, "agent@example.com")
    with app.app_context():
        newest = db.session.scalar(select(func.max(UserSession.id)))
    post(mine, f"/users/me/sessions/{newest}/end")
    assert is_signed_in(mine)
    assert not is_signed_in(other)


def test_nobody_ends_the_session_of_somebody_else(browser_of: Browser, app: Flask) -> None:
    agent, viewer = browser_of(Role.AGENT), browser_of(Role.VIEWER)
    with app.app_context():
        newest = db.session.scalar(select(func.max(UserSession.id)))
    assert post(agent, f"/users/me/sessions/{newest}/end").status_code == 404
    assert is_signed_in(viewer)


@pytest.mark.parametrize("minutes", [0, 16])
def test_who_lost_their_password_sets_a_new_one_right_after_coming_by_link(
    app: Flask, client: FlaskClient, minutes: int
) -> None:
    with app.app_context(), writing():
        token = links.create(a_user(), clock.now())
        db.session.commit()
    client.get(f"/sign-in/{token}")
    with app.app_context(), writing():
        since = clock.now() - timedelta(minutes=minutes)
        db.session.execute(update(UserSession).values(created_at=since))
        db.session.commit()
    assert ("Current password" in client.get("/users/me").text) == bool(minutes)
    assert change(client, current="").status_code == (422 if minutes else 303)
    assert sign_in(app.test_client(), password=NEW).status_code == (422 if minutes else 303)


def test_all_other_browsers_are_signed_out_at_once(browser_of: Browser, app: Flask) -> None:
    mine, others = browser_of(Role.AGENT), [app.test_client() for _ in range(2)]
    for other in others:
        sign_in(other, "agent@example.com")
    viewer = browser_of(Role.VIEWER)
    assert "Sign out all other browsers" in mine.get("/users/me").text
    assert post(mine, "/users/me/sessions/end").location == "/users/me"
    assert [is_signed_in(client) for client in (mine, *others, viewer)] == [True, False, False, True]
