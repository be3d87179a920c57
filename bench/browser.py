"""A signed-in browser of one connection that is kept, and how long its requests take."""

import html
import http.client
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from webapp import clock, create_app
from webapp.accounts import links
from webapp.accounts.models import User
from webapp.accounts.roles import Role
from webapp.database import writing
from webapp.extensions import db

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TOKEN = re.compile(r'"X-CSRFToken": "([^"]+)"')
_COUNT = re.compile(r'hx-get="(/opt-in/count[^"]*)"')
_NUMBER = re.compile(r'<p id="found"><b>[0-9]')
_STAMPED = re.compile(r'"X-CSRFToken": "[^"]+"|name="csrf_token" value="[^"]+"')


class Unexpected(RuntimeError):
    """The desk answered something else than it should."""


@dataclass(frozen=True)
class Page:
    """An answer, and the milliseconds from the request to its last byte."""

    ms: float
    text: str
    headers: Mapping[str, str]

    @property
    def count_url(self) -> str:
        """Where the page asks for its numbers; empty when it has them."""
        found = _COUNT.search(self.text)
        return html.unescape(found[1]) if found else ""

    @property
    def says_how_many(self) -> bool:
        """Whether the number that was found stands above the table."""
        return _NUMBER.search(self.text) is not None

    @property
    def unstamped(self) -> str:
        """The text without what is other in each answer."""
        return _STAMPED.sub("", self.text)


@dataclass
class Browser:
    """Somebody at the web part that listens on this port of this machine."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    _line: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", self.port)

    def sign_in(self, link: str) -> None:
        self._ask("GET", f"/sign-in/{link}", "", {}, [HTTPStatus.SEE_OTHER])
        found = _TOKEN.search(html.unescape(self.get("/opt-in").text))
        if found is None:
            raise Unexpected("The page has no token for forms.")
        self.token = found[1]

    def get(self, path: str, behind: str = "") -> Page:
        """A page, or with `behind` what a script of that page asks for."""
        return self._ask("GET", path, "", self._of_script(behind))

    def post(self, path: str, behind: str, **fields: Any) -> Page:
        """What a script of the page `behind` sends; a list repeats its field."""
        body = urlencode(fields | {"csrf_token": self.token}, doseq=True)
        return self._ask("POST", path, body, FORM | self._of_script(behind))

    def _of_script(self, behind: str) -> dict[str, str]:
        return PARTIAL | {"HX-Current-URL": f"http://127.0.0.1:{self.port}{behind}"} if behind else {}

    def _ask(
        self,
        method: str,
        path: str,
        body: str,
        headers: dict[str, str],
        wanted: Collection[int] = (HTTPStatus.OK, HTTPStatus.NO_CONTENT),
    ) -> Page:
        headers = headers | {"Cookie": "; ".join(map("=".join, self.cookies.items()))}
        start = time.perf_counter()
        self._line.request(method, path, body or None, headers)
        answer = self._line.getresponse()
        text = answer.read()
        taken = (time.perf_counter() - start) * 1000
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if answer.status not in wanted:
            raise Unexpected(f"{method} {path} was answered {answer.status}.")
        return Page(taken, text.decode(), dict(answer.getheaders()))

    def close(self) -> None:
        self._line.close()


def desk_app(url: str, folder: str) -> Flask:
    """The application on a desk, in this process; nothing is given to the worker."""
    app = create_app({
        "DATABASE_URL": url, "HEED_DATA_DIR": folder, "SECRET_KEY": "x" * 32,
        "WHATSAPP_APP_SECRET": "bench secret", "WHATSAPP_VERIFY_TOKEN": "word", "LOG_LEVEL": "WARNING",
    })  # fmt: skip
    app.extensions["heed-tasks"] = {}
    return app


def sign_in_link(app: Flask) -> str:
    """The token of a link for a manager of the desk."""
    with app.app_context(), writing():
        manager = db.session.scalars(select(User).where(User.role == Role.MANAGER).limit(1)).one()
        token = links.create(manager, clock.now())
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return token
