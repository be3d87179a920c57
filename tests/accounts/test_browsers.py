import pytest

from webapp.accounts.browsers import described

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge on Windows",
        ),
        (f"{MOZILLA} (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        (
            f"{MOZILLA} (Macintosh; Mac OS X 10_15) {WEBKIT} Version/26.0 Safari/605.1",
            "Safari on macOS",
        ),
        (
            f"{MOZILLA} (iPhone; like Mac OS X) {WEBKIT} CriOS/140.0 Safari",
            "Chrome on iPhone",
        ),
        (f"{MOZILLA} (Linux; Android 16; Pixel 9) {WEBKIT} Chrome/140.0 Mobile Safari", "Chrome on Android"),
        ("curl/8.5.0", "A browser"),
        ("", "A browser"),
    ],
)
def test_a_browser_is_named_so_that_its_owner_recognises_it(user_agent: str, expected: str) -> None:
    assert described(user_agent) == expected
