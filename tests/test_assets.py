"""Stylesheets and scripts: slim, packed, kept by browsers for ever under an address of their own."""

import gzip
import re

import pytest


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/assets/[^"]+)"', page)


def test_every_page_names_them_by_their_hash(client):
    found = addresses(client.get("/sign-in").text)
    assert any(address.endswith("/heed.css") for address in found)
    for address in found:
        answer = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert gzip.decompress(answer.data) == client.get(address).data


def test_an_older_page_gets_what_there_is_now_and_keeps_it_not(client):
    answer = client.get("/assets/000000000000/heed.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-cache")


@pytest.mark.parametrize(
    "name",
    ["order.txt", "css/order.txt", "css/../js/theme.js", "../pyproject.toml", "js/none.js", "heed.txt"],
)
def test_nothing_else_is_served(client, name):
    assert client.get(f"/assets/x/{name}").status_code in (404, 308)


def test_comments_and_needless_blanks_stay_here(client):
    address = next(a for a in addresses(client.get("/sign-in").text) if a.endswith("/heed.css"))
    style = client.get(address).text
    assert "/*" not in style
    assert not re.search(r"\s[{};,]|[{};,]\s|\s\s", style)
