from datetime import timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from tests.accounts.people import DANA, a_user, is_signed_in
from webapp import clock
from webapp.accounts import links, users
from webapp.accounts.links import UserIsDisabled
from webapp.accounts.models import SignInLink, UserSession
from webapp.database import writing
from webapp.extensions import db

SPENT = "This sign-in link was used already or is older than 15 minutes. Ask for a new one."


def a_link(app: Flask, age: timedelta = timedelta()) -> str:
    """The path of a link of Dana, who has no password."""
    with app.app_context():
        user = users.find(DANA) or a_user(password="")
        with writing():
            token = links.create(user, clock.now() - age)
            db.session.commit()
    return f"/sign-in/{token}"


def test_a_link_signs_in_and_leads_to_the_desk(app: Flask, client: FlaskClient) -> None:
    answer = client.get(a_link(app))
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)


def test_a_link_works_once(app: Flask, client: FlaskClient) -> None:
    link = a_link(app)
    app.test_client().get(link)
    again = client.get(link)
    assert again.status_code == 410
    assert SPENT in again.text
    assert 'name="password"' in again.text, "the sign-in page, to go on from"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    ("age", "status"),
    [(timedelta(minutes=14), 303), (timedelta(minutes=15), 410), (timedelta(days=3), 410)],
)
def test_a_link_works_for_15_minutes(app: Flask, client: FlaskClient, age: timedelta, status: int) -> None:
    assert client.get(a_link(app, age)).status_code == status


def test_a_link_that_never_was_is_answered_like_a_spent_one(client: FlaskClient) -> None:
    answer = client.get("/sign-in/no-such-link")
    assert answer.status_code == 410
    assert SPENT in answer.text


@pytest.mark.parametrize(
    ("method", "headers"),
    [("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch"}), ("GET", {"Sec-Purpose": "prefetch;prerender"})],
)
def test_a_look_does_not_use_a_link_up(
    app: Flask, client: FlaskClient, method: str, headers: dict[str, str]
) -> None:
    link = a_link(app)
    assert client.open(link, method=method, headers=headers).status_code == 204
    assert not is_signed_in(client)
    assert client.get(link).status_code == 303


def test_two_clicks_at_once_make_one_session(app: Flask) -> None:
    link, start, statuses = a_link(app), Barrier(8), []

    def click() -> None:
        client = app.test_client()
        start.wait()
        statuses.append(client.get(link).status_code)

    threads = [Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] + [410] * 7
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(UserSession)) == 1


def test_disabling_somebody_withdraws_their_links_for_good(app: Flask, client: FlaskClient) -> None:
    link = a_link(app)
    with app.app_context(), writing():
        dana = users.find(DANA)
        users.disable(dana, clock.now())
        users.enable(dana)
        db.session.commit()
    assert client.get(link).status_code == 410


def test_a_link_that_crossed_with_the_disabling_does_not_work(app: Flask, client: FlaskClient) -> None:
    """Made before, stored after: nothing has withdrawn it."""
    link = a_link(app)
    with app.app_context(), writing():
        users.find(DANA).disabled_at = clock.now()
        db.session.commit()
    assert client.get(link).status_code == 410
    assert not is_signed_in(client)


@pytest.mark.usefixtures("app_context")
def test_a_disabled_user_gets_no_link() -> None:
    user = a_user()
    with writing():
        users.disable(user, clock.now())
        with pytest.raises(UserIsDisabled, match="enable the user first"):
            links.create(user, clock.now())


@pytest.mark.usefixtures("app_context")
def test_the_database_holds_a_digest_and_not_the_link() -> None:
    user = a_user()
    token = links.create(user, clock.now())
    assert token not in db.session.scalars(select(SignInLink.token_hash)).one()


def test_a_link_takes_over_a_browser_in_which_somebody_else_was_signed_in(
    app: Flask, client: FlaskClient
) -> None:
    with app.app_context():
        kim = a_user("kim@example.com", password="")
        with writing():
            token = links.create(kim, clock.now())
            db.session.commit()
    client.get(f"/sign-in/{token}")
    client.get(a_link(app))
    assert DANA in client.get("/users/me").text
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(UserSession.revoked_at.is_(None))) == 1
