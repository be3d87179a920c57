"""The signature of a webhook delivery: HMAC-SHA256 over the raw bytes, keyed with the app secret.

Source: Meta, webhook overview ("Validate payloads"). Parsing and dumping again changes the bytes, so only
the bytes as they arrived can be checked.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence

_HEADER = re.compile(r"sha256=[0-9a-f]{64}")


def verify(raw: bytes, header: str | None, secrets: Sequence[str]) -> bool:
    """Whether `header` (X-Hub-Signature-256) signs `raw` with one of `secrets`. Never raises.

    Several secrets let an app secret be rotated, and let several apps deliver to one address. Every secret
    is tried, so the time taken does not tell which one matched. An empty secret signs nothing.
    """
    if not isinstance(header, str) or not _HEADER.fullmatch(header):
        return False
    matches = [hmac.compare_digest(sign(raw, secret), header) for secret in secrets if secret]
    return any(matches)


def sign(raw: bytes, secret: str) -> str:
    """The value of X-Hub-Signature-256 for `raw`: "sha256=" and 64 lowercase hexadecimal digits."""
    key = secret.encode("utf-8", "surrogatepass")
    return "sha256=" + hmac.new(key, raw, hashlib.sha256).hexdigest()
