"""The exact bytes of an event that a seal covers. Pure: a verifier elsewhere builds the same from its row.

The bytes are one JSON array (RFC 8259) in UTF-8 of the sixteen values of `COLUMNS`, in that order, with
nothing between the tokens: `[`, the values with one comma between two, `]`. No line feed at the end.

- A missing value is `null`.
- Numbers (`id`, `customer_id`, `identity_id`, `compensates`, `batch_id`) are decimal, without sign or point.
- Times (`occurred_at`, `recorded_at`) are whole microseconds since 1970-01-01T00:00:00Z, decimal, negative
  before it; leap seconds are not counted.
- Texts stand between quotation marks as in RFC 8785: `"` is `\\"`, the backslash `\\\\`; U+0008, U+0009,
  U+000A, U+000C and U+000D are `\\b`, `\\t`, `\\n`, `\\f` and `\\r`; the other characters below U+0020 are
  `\\u00` and two hexadecimal digits in lower case; all other characters stand for themselves.

An example, the bytes of an opt-out by keyword:
`[17,4,"consent","opted_out","keyword","customer",9,"5e88…","1","changed","",null,null,1763640000000000,`
`1763640000123456,"ab01…"]`

The leaf is SHA-256(0x00 ‖ salt ‖ these bytes). The salt, sixteen random bytes for each event, keeps whoever
sees the leaf in the proof of a neighbour from guessing the event.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

COLUMNS = (
    "id", "customer_id", "kind", "status", "source", "actor", "identity_id", "external_id", "rule_version",
    "effect", "reason", "compensates", "batch_id", "occurred_at", "recorded_at", "evidence_digest",
)  # fmt: skip
SALT_BYTES = 16
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def canonical(values: Iterable[Any]) -> bytes:
    """The bytes of an event, whose `values` come in the order of `COLUMNS`; times are aware."""
    plain = [(v - EPOCH) // MICROSECOND if isinstance(v, datetime) else v for v in values]
    return _write(plain).encode()


def leaf(salt: bytes, content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + salt + content).digest()
