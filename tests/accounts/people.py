"""Users of the desk for tests, and signing in as they do: through the page."""

import re
from datetime import UTC, datetime

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp import clock
from webapp.accounts import users
from webapp.accounts.models import User
from webapp.accounts.roles import Role
from webapp.database import writing
from webapp.extensions import db

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DANA = "dana@example.com"
PASSWORD = "a horse that is correct"
Headers = dict[str, str]
HTMX: Headers = {"HX-Request": "true", "HX-Request-Type": "partial"}


def a_user(email: str = DANA, role: Role = Role.AGENT, password: str = PASSWORD, name: str = "") -> User:
    """A user in the database. Needs an application context."""
    with writing():
        user = users.create(email, role, name=name, password=password, now=clock.now())
        db.session.commit()
    return user


def csrf_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-out").text)
    assert found, "the page has no CSRF token"
    return found[1]


def post(client: FlaskClient, path: str, headers: Headers | None = None, **fields: str) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client), **fields}, headers=headers)


def sign_in(client: FlaskClient, email: str = DANA, password: str = PASSWORD, **fields: str) -> TestResponse:
    return post(client, "/sign-in", email=email, password=password, **fields)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/users/me").status_code == 200
