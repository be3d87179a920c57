"""A test client that reads every page as a careful person would, and browsers that are signed in."""

import re
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

CSRF_TOKEN = re.compile(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"')
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


class CheckingClient(FlaskClient):
    """Each HTML answer is parsed: no id twice, no form without an address, no control without id and name."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        response = super().open(*args, **kwargs)
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
        token = CSRF_TOKEN.search(super().open("/sign-out").text)
        assert token, "a page without a form"
        return token[1]

    def soup(self, path: str, **kwargs: Any) -> BeautifulSoup:
        return BeautifulSoup(self.get(path, **kwargs).text, "html.parser")


def _is_partial(headers: Any) -> bool:
    return dict(headers).get("HX-Request-Type") == "partial"


def check(html: str, *, partial: bool) -> None:
    soup = BeautifulSoup(html, "html.parser")
    assert not (partial and soup.find("html")), "a fragment holds a whole page"
    for template in soup.find_all("template"):
        template.decompose()
    ids = [element["id"] for element in soup.find_all(id=True)]
    assert len(ids) == len(set(ids)), f"ids twice: {sorted(i for i in set(ids) if ids.count(i) > 1)}"
    for form in soup.find_all("form"):
        assert (
            form.get("action") is not None
            or form.get("method") == "post"
            or form.find("input", type="search")
        )
    for control in soup.find_all(["button", "input", "select", "textarea"]):
        if control.get("type") != "hidden":
            assert control.get("id"), f"a control without an id: {control}"
            assert accessible_name(control, soup), f"a control without a name: {control}"


def accessible_name(control: Tag, soup: BeautifulSoup) -> str:
    """What a screen reader says of a control."""
    if label := control.get("aria-label"):
        return str(label)
    if control.get("aria-labelledby"):
        return " ".join(soup.find(id=i).get_text() for i in str(control["aria-labelledby"]).split())
    if control.name == "button":
        return control.get_text(strip=True)
    label = soup.find("label", attrs={"for": control.get("id")}) or control.find_parent("label")
    return label.get_text(strip=True) if label else ""
