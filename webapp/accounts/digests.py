"""How secrets that we hand out are kept. Pure."""

import hashlib


def digest(secret: str) -> str:
    """SHA-256 in hex: enough for random tokens of 32 bytes, which nobody can guess; not for passwords."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
