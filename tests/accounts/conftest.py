"""The application with the cheapest password profile, and browsers of people of each role."""

from collections.abc import Callable, Iterator

import pytest
from argon2.profiles import CHEAPEST
from flask import Flask
from flask.testing import FlaskClient

from tests.accounts.people import a_user, sign_in
from webapp.accounts.roles import Role

Browser = Callable[[Role], FlaskClient]


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["PASSWORD_PROFILE"] = CHEAPEST
    return app


@pytest.fixture
def app_context(app: Flask) -> Iterator[None]:
    """For tests of the domain: one application context, and with it one database session."""
    with app.app_context():
        yield


@pytest.fixture
def browser_of(app: Flask) -> Browser:
    """A browser that somebody of this role has signed in with; the user is ROLE@example.com."""

    def signed_in(role: Role) -> FlaskClient:
        client = app.test_client()
        with app.app_context():
            a_user(f"{role}@example.com", role)
        assert sign_in(client, f"{role}@example.com").status_code == 303
        return client

    return signed_in


@pytest.fixture
def admin(browser_of: Browser) -> FlaskClient:
    return browser_of(Role.ADMIN)
