"""How many statements a page asks the database."""

from collections.abc import Iterable

from flask.testing import FlaskClient
from sqlalchemy import event

from bench.browser import desk_app, sign_in_link
from bench.results import Desk
from webapp.extensions import db


def most(desk: Desk, urls: Iterable[str]) -> tuple[int, str]:
    """Of the page that asks most, and which page it is."""
    app = desk_app(desk.url, desk.folder)
    client = app.test_client()
    client.get(f"/sign-in/{sign_in_link(app)}")
    asked: list[str] = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *seen: asked.append(seen[2]))
    return max((_number(client, url, asked), url) for url in urls)


def _number(client: FlaskClient, url: str, asked: list[str]) -> int:
    asked.clear()
    client.get(url)
    return sum(not statement.startswith("BEGIN") for statement in asked)
