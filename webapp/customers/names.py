"""Names that people give to tags and attributes: what is allowed, and when two of them are the same."""

import unicodedata

from webapp.customers.search import fold
from webapp.customers.text import has_controls

LONGEST_NAME = 60
LONGEST_KEY = 120


class MalformedName(ValueError):
    """The name cannot be used; the message is a sentence that says why."""


def checked_name(raw: str, reserved: str = "") -> str:
    """`raw` in composed form with single spaces. Raises MalformedName, also for a sign that is `reserved`."""
    if has_controls(raw.strip()):
        raise MalformedName("A name may not hold line breaks or control characters.")
    name = " ".join(unicodedata.normalize("NFC", raw).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise MalformedName(f"A name has 1 to {LONGEST_NAME} characters.")
    for sign in reserved:
        if sign in name:
            raise MalformedName(f"A name may not hold “{sign}”.")
    if not 1 <= len(fold(name)) <= LONGEST_KEY:
        raise MalformedName("A name needs a letter, a digit or a sign that can be seen.")
    return name
