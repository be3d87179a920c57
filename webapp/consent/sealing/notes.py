"""Checkpoints: what is carried out of the database, so that nobody can later tell the story anew. Pure.

A checkpoint is a signed note (C2SP signed-note and tlog-checkpoint), lines of UTF-8 that end in a line feed:

    heed/3f2a9c0d4e5b6a71                            origin: this ledger, and no other
    12345                                            how many events are sealed
    YX3v…=                                           base64 of the chain at that size (see `tree.chain`)
    time 2026-11-30T01:02:03.000000Z                 when it was sealed
    key s0ux…=                                       base64 of the Ed25519 public key, 32 bytes
                                                     an empty line, which is not signed
    — heed/3f2a9c0d4e5b6a71 q83v…=                   em dash, origin, base64 of key id and signature

The signature is Ed25519 over the bytes of the lines above the empty one, each with its line feed. The key id
is the first four bytes of SHA-256(origin ‖ 0x0A ‖ 0x01 ‖ public key). `checkpoints.log` holds such notes one
after another, with an empty line behind each. A note whose second line is `ended`, without a chain, says that
a ledger was given up on purpose (demo data was cleared) and another origin follows.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SIGNATURE_MARK = "— "
ENDED = "ended"
TIME = "%Y-%m-%dT%H:%M:%S.%fZ"
LONGEST_LINE = 200


class BadNote(Exception):
    """It is no checkpoint, or its signature is wrong; the message says which."""


@dataclass(frozen=True)
class Checkpoint:
    """`size` events are sealed and lead to `chain`; without a chain the ledger of this origin has ended."""

    origin: str
    size: int
    chain: bytes
    at: datetime
    key: bytes

    @property
    def ended(self) -> bool:
        return not self.chain

    @property
    def text(self) -> str:
        told = [ENDED] if self.ended else [str(self.size), _base64(self.chain)]
        time, key = self.at.astimezone(UTC).strftime(TIME), _base64(self.key)
        return "\n".join([self.origin, *told, f"time {time}", f"key {key}", ""])


def sign(key: Ed25519PrivateKey, checkpoint: Checkpoint) -> str:
    """The whole note; `checkpoint.key` is the public half of `key`."""
    signature = key.sign(checkpoint.text.encode())
    stamp = key_id(checkpoint.origin, checkpoint.key) + signature
    return f"{checkpoint.text}\n{SIGNATURE_MARK}{checkpoint.origin} {_base64(stamp)}\n"


@lru_cache(maxsize=8)
def read(note: str) -> Checkpoint:
    """What a note says, its signature being right by the key that it names. Raises BadNote.

    Whether that key deserves trust is another question: the answer is who kept the note. Remembers a few,
    for a verification meets each in the database and in a file.
    """
    text, separator, stamp = note.partition(f"\n\n{SIGNATURE_MARK}")
    try:
        checkpoint = _parse(text.split("\n"))
        name, _, signature = stamp.removesuffix("\n").partition(" ")
        given = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error):
        raise BadNote("It is not a checkpoint.") from None
    if not separator or checkpoint.text != f"{text}\n" or name != checkpoint.origin:
        raise BadNote("It is not a checkpoint.")
    if given[:4] != key_id(checkpoint.origin, checkpoint.key) or not _signed(checkpoint, given[4:]):
        raise BadNote("The signature is wrong.")
    return checkpoint


def _parse(lines: list[str]) -> Checkpoint:
    origin, *told, time, key = lines
    if len(told) == 1 and told[0] == ENDED:
        size, chain = 0, b""
    else:
        number, root = told
        size, chain = int(number), _bytes(root)
    at = datetime.strptime(time.removeprefix("time "), TIME).replace(tzinfo=UTC)
    return Checkpoint(origin, size, chain, at, _bytes(key.removeprefix("key ")))


def _signed(checkpoint: Checkpoint, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(checkpoint.key).verify(signature, checkpoint.text.encode())
    except InvalidSignature:
        return False
    return True


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(origin: str, key: bytes) -> bytes:
    return hashlib.sha256(origin.encode() + b"\n\x01" + key).digest()[:4]


def notes_in(lines: Iterable[str]) -> Iterator[str]:
    """The notes that stand one after another; what a crash cut off at the end is no note."""
    note: list[str] = []
    for line in lines:
        if line == "\n" and not note:
            continue
        note.append(line[:LONGEST_LINE])
        if line.startswith(SIGNATURE_MARK) or len(note) > 7:
            if line.endswith("\n"):
                yield "".join(note)
            note = []


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _bytes(value: str) -> bytes:
    """Thirty-two bytes from base64. Raises ValueError."""
    found = base64.b64decode(value, validate=True)
    if len(found) != 32:
        raise ValueError("not 32 bytes")
    return found
