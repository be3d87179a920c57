"""Text from outside, made fit for one line and for both databases."""

import unicodedata


def one_line(text: str) -> str:
    """`text` without control characters and lone surrogates, in composed form, with single spaces.

    PostgreSQL stores no NUL, and no driver encodes a lone surrogate.
    """
    if not text.isprintable():  # seldom, and slow
        text = "".join(map(_printable, text))
    return " ".join(unicodedata.normalize("NFC", text).split())


def has_controls(text: str, allowed: str = "") -> bool:
    """Whether `text` holds control characters or lone surrogates other than those `allowed`."""
    if text.isprintable():  # nearly always, and fast
        return False
    return any(_printable(sign) != sign and sign not in allowed for sign in text)


def _printable(sign: str) -> str:
    return " " if unicodedata.category(sign) in ("Cc", "Cs") else sign
