"""Checkpoints as signed notes: what was signed is read back, and whatever else is refused."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.factories import NOON
from webapp.consent.sealing import notes
from webapp.consent.sealing.notes import BadNote, Checkpoint

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = notes.public_bytes(KEY)
TOLD = Checkpoint("heed/0011223344556677", 12345, b"c" * 32, NOON, PUBLIC)
NOTE = notes.sign(KEY, TOLD)
ENDED = Checkpoint(TOLD.origin, 0, b"", NOON, PUBLIC)


def test_a_note_is_as_it_is_written_down():
    text, stamp = NOTE.split("\n\n")
    assert text.splitlines() == [
        "heed/0011223344556677", "12345", base64.b64encode(b"c" * 32).decode(),
        "time 2026-11-20T12:00:00.000000Z", f"key {base64.b64encode(PUBLIC).decode()}",
    ]  # fmt: skip
    mark, name, signature = stamp.split()
    raw = base64.b64decode(signature)
    assert (mark, name) == ("—", TOLD.origin)
    assert raw[:4] == hashlib.sha256(TOLD.origin.encode() + b"\n\x01" + PUBLIC).digest()[:4]
    KEY.public_key().verify(raw[4:], f"{text}\n".encode())


@pytest.mark.parametrize("told", [TOLD, ENDED])
def test_what_was_signed_is_read(told):
    assert notes.read(notes.sign(KEY, told)) == told
    assert told.ended == (told is ENDED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("12345", "12346"),
        ("12345", "012345"),
        ("12345", "ended"),
        ("heed/00", "heed/01"),
        ("12:00:00", "12:00:01"),
        ("time ", "time  "),
        ("key ", "kez "),
        ("\n\n", "\n\n\n"),
        ("\n\n", "\nmore\n\n"),
        ("— ", "- "),
        ("— heed", "— need"),
        ("=\n", "\n"),
    ],
)
def test_whatever_else_is_refused(old, new):
    with pytest.raises(BadNote):
        notes.read(NOTE.replace(old, new, 1) if old != "=\n" else NOTE[: NOTE.rindex("=")] + "\n")


@pytest.mark.parametrize("note", ["", "\n", "heed/1\n1\n", NOTE[:-30], "\u2014 a b\n", "9" * 5000 + NOTE])
def test_a_torn_or_foreign_text_is_no_note(note):
    with pytest.raises(BadNote):
        notes.read(note)


def test_another_key_cannot_sign_in_the_name_of_the_first():
    other = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
    with pytest.raises(BadNote, match="signature"):
        notes.read(notes.sign(other, TOLD))


def test_notes_stand_one_after_another_and_a_torn_one_at_the_end_is_none():
    lines = f"{NOTE}\n{NOTE}\n{NOTE[:90]}".splitlines(keepends=True)
    assert list(notes.notes_in(lines)) == [NOTE, NOTE]


def test_a_file_of_something_else_costs_no_memory_and_is_no_note():
    found = list(notes.notes_in(["x" * 100_000 + "\n"] * 20))
    assert all(len(note) < 3000 for note in found)
    for note in found:
        with pytest.raises(BadNote):
            notes.read(note)
