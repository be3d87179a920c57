"""A link that somebody gives as proof: only what a browser opens as a page. Pure."""

import unicodedata
from urllib.parse import urlsplit

LONGEST = 1000


class UnusableLink(ValueError):
    """The message is a sentence that says what is wrong."""


def checked_link(given: str) -> str:
    """`given` without the space around it; "" for none. Raises UnusableLink.

    No scheme but the web's (javascript: and data: run code), no control or invisible sign, no space, no
    backslash (browsers read it as a slash), no name before an @ (it poses as the host).
    """
    link = given.strip()
    if not link:
        return ""
    if len(link) > LONGEST:
        raise UnusableLink(f"Keep the link to {LONGEST:,} characters.")
    if not _is_of_the_web(link):
        raise UnusableLink(
            "Give a link that begins with https:// or http://, such as https://shop.example/form."
        )
    return link


def _is_of_the_web(link: str) -> bool:
    if any(unicodedata.category(sign)[0] in "CZ" or sign == "\\" for sign in link):
        return False
    try:
        parts = urlsplit(link)
        return (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        return False
