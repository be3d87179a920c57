"""Codes of an authenticator app: RFC 6238 with HMAC-SHA-1, six digits, a new one every 30 seconds. Pure."""

import base64
import hmac
from datetime import datetime
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
SECRET_BYTES = 20
"""As long as the HMAC itself (RFC 4226, section 4)."""
STEPS_OFF = 1
"""How many steps a phone's clock may be ahead or behind."""


def step_at(at: datetime) -> int:
    return int(at.timestamp()) // STEP_SECONDS


def code(secret: bytes, step: int) -> str:
    """The code that an app shows during this step (RFC 4226, section 5.3)."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def step_of(typed: str, secret: bytes, at: datetime) -> int | None:
    """The step whose code this is, at about that time; None when it is the code of none."""
    now = step_at(at)
    near = range(now - STEPS_OFF, now + STEPS_OFF + 1)
    found = [step for step in near if hmac.compare_digest(code(secret, step).encode(), typed.encode())]
    return found[-1] if found else None


def readable(secret: bytes) -> str:
    """As people type it into an app that cannot scan: base32 without padding."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, account: str, issuer: str) -> str:
    """What the QR code holds (Google Authenticator's key URI format)."""
    label = f"{quote(issuer)}:{quote(account)}"
    return f"otpauth://totp/{label}?secret={readable(secret)}&issuer={quote(issuer)}"
