"""What every answer carries, whoever asks for whatever."""

from werkzeug.test import TestResponse

EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CLOSED = ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action")
OF_EVERYBODY = ("/static/", "/assets/")
"""Files that are the same for all, and may be kept."""


def lacks(answer: TestResponse, path: str) -> list[str]:
    """The headers that this answer lacks or has with another value."""
    headers, missing = answer.headers, []
    missing += [name for name, value in EXPECTED.items() if headers.get(name) != value]
    missing += [name for name in ("X-Request-Id", "Permissions-Policy") if name not in headers]
    policy = headers.get("Content-Security-Policy", "")
    if not all(rule in policy for rule in CLOSED) or "unsafe" in policy or "http" in policy:
        missing.append("Content-Security-Policy")
    if not path.startswith(OF_EVERYBODY):
        missing += [] if "no-store" in headers.get("Cache-Control", "") else ["Cache-Control"]
        missing += [] if {"HX-Request", "HX-Request-Type", "Cookie"} <= set(answer.vary) else ["Vary"]
    return missing
