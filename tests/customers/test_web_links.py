"""A link that proves something leads to a page of the web, and says so to whoever reads it."""

import pytest

from tests.rows import every
from webapp.customers.web_links import UnusableLink, checked_link


@pytest.mark.parametrize("link", [
    "https://shop.example/form/17", "http://shop.example:8080/?a=1&b=%20#x", "https://münchen.example/ja",
    "HTTPS://SHOP.EXAMPLE", "https://[2001:db8::1]/form", "https://shop.example/" + "x" * 979,
])  # fmt: skip
def test_a_link_of_the_web_is_kept_as_it_is(link):
    assert checked_link(f"  {link}\n") == link


@pytest.mark.parametrize("nothing", ["", "   ", "\n"])
def test_no_link_is_none(nothing):
    assert checked_link(nothing) == ""


@every("link", [
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "\x01javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>", "vbscript:x", "file:///etc/passwd", "ftp://a.example",
    "//shop.example", "shop.example/form", "/form", "https://", "https:///form", "https:shop.example",
    "https://shop.example/a b", "https://shop.example/\x00", "https://shop.example/\r\nSet-Cookie: x",
    "https://shop.example/\u202egpj.exe", "https://shop.example\\@evil.example", "https://bank.example@evil.example",
    "https://[", "https://a.example:99999", "https://a.example:x", "https://shop.example/" + "x" * 980,
    "https://shop.example/\ud800", "https://shop\u200b.example", "blob:https://a.example/x",
])  # fmt: skip
def test_anything_else_is_refused(link):
    with pytest.raises(UnusableLink):
        checked_link(link)
