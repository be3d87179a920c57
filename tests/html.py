"""A test client that reads every page as a careful person would, and browsers that are signed in."""

import re
from typing import Any

from bs4 import BeautifulSoup
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.test import TestResponse

from tests.reader import check

CSRF_TOKEN = re.compile(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"')
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


class CheckingClient(FlaskClient):
    """Each HTML answer is parsed: no id twice, no form without an address, no control without id and name."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        # What is streamed keeps its application context until it is read to the end, or collected.
        response = super().open(*args, **{"buffered": True} | kwargs)
        if response.mimetype == "text/html" and response.data:
            check(response.text, partial=kwargs.get("headers") is not None and _is_partial(kwargs["headers"]))
        return response

    def htmx(self, path: str, *, page: str = "/opt-in", method: str = "GET", **fields: Any) -> TestResponse:
        """A request that a script of the page `page` sends."""
        headers = {**PARTIAL, "HX-Current-URL": f"http://localhost{page}"}
        if method == "GET":
            return self.get(path, query_string=fields, headers=headers)
        return self.post(path, data=fields | {"csrf_token": self.csrf_token()}, headers=headers)

    def send(self, path: str, **fields: Any) -> TestResponse:
        """A form of a browser without scripts."""
        return self.post(path, data=fields | {"csrf_token": self.csrf_token()})

    def csrf_token(self) -> str:
        """What stands in the forms of this browser's pages; a page is fetched only if there was none yet."""
        if drawn := self._session().get("csrf_token"):
            return URLSafeTimedSerializer(self.application.secret_key, "wtf-csrf-token").dumps(drawn)
        token = CSRF_TOKEN.search(super().open("/sign-out").text)
        assert token, "a page without a form"
        return token[1]

    def _session(self) -> dict[str, Any]:
        """What the cookie of the session holds, if it is still valid."""
        cookie = self.get_cookie("heed")
        signer = SecureCookieSessionInterface().get_signing_serializer(self.application)
        most = int(self.application.permanent_session_lifetime.total_seconds())
        try:
            return dict(signer.loads(cookie.value, max_age=most)) if cookie and signer else {}
        except BadSignature:
            return {}

    def soup(self, path: str, **kwargs: Any) -> BeautifulSoup:
        return BeautifulSoup(self.get(path, **kwargs).text, "html.parser")


def _is_partial(headers: Any) -> bool:
    return dict(headers).get("HX-Request-Type") == "partial"
