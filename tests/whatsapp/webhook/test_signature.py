"""A delivery is believed only when its raw bytes are signed with one of our app secrets."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from tests.whatsapp.deliveries import payload
from webapp.whatsapp.webhook.signature import sign, verify

VECTORS = json.loads(payload("signature_vectors"))
SECRET = VECTORS["app_secret"]
BODIES = {vector["name"]: vector["raw_body"].encode() for vector in VECTORS["vectors"]}
BODY = BODIES["literal_utf8"]
OTHER = "fedcba9876543210fedcba9876543210"


def named(vectors: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in vectors]


@pytest.mark.parametrize("vector", named(VECTORS["vectors"]))
def test_the_raw_bytes_are_what_is_signed(vector: dict[str, Any]) -> None:
    raw = vector["raw_body"].encode()
    assert verify(raw, vector["x_hub_signature_256"], [SECRET])
    assert sign(raw, SECRET) == vector["x_hub_signature_256"]


@pytest.mark.parametrize("vector", named(VECTORS["must_fail"]))
def test_a_missing_or_foreign_signature_is_refused(vector: dict[str, Any]) -> None:
    raw = BODIES[vector.get("raw_body_of", "literal_utf8")]
    assert not verify(raw, vector["header"], [SECRET])


def test_parsing_and_dumping_again_breaks_the_signature() -> None:
    raw = BODIES["escaped_slashes_and_at"]
    assert not verify(json.dumps(json.loads(raw)).encode(), sign(raw, SECRET), [SECRET])


def test_one_changed_byte_breaks_the_signature() -> None:
    assert not verify(BODY + b" ", sign(BODY, SECRET), [SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, OTHER], [OTHER, SECRET], ["", SECRET], ("é\udc80", SECRET)])
def test_any_of_several_secrets_is_enough(secrets: list[str]) -> None:
    assert verify(BODY, sign(BODY, SECRET), secrets)


@pytest.mark.parametrize("secrets", [[], [OTHER], ["é\udc80", "\ud800"], [SECRET + "\n"]])
def test_without_the_right_secret_nothing_is_believed(secrets: list[str]) -> None:
    assert not verify(BODY, sign(BODY, SECRET), secrets)


def test_an_empty_secret_signs_nothing() -> None:
    """A forgotten setting must not open the door: anyone can key an HMAC with nothing."""
    forged = "sha256=" + hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not verify(BODY, forged, [""])


GOOD = sign(BODY, SECRET)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        (None, "no header"),
        ("", "an empty header"),
        ("sha256=", "no digest"),
        (GOOD.removeprefix("sha256="), "the digest without its algorithm"),
        (GOOD.replace("sha256", "sha1"), "another algorithm"),
        (GOOD.replace("sha256", "SHA256"), "the algorithm in capitals"),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), "one wrong digit"),
        (GOOD[:-1], "a digit too few"),
        (GOOD + "0", "a digit too many"),
        (GOOD + "\n", "a line break at the end"),
        (" " + GOOD, "a space before"),
        (f"{GOOD},{GOOD}", "two headers joined"),
        ("sha256=" + "g" * 64, "letters beyond f"),
        ("sha256=" + "é" * 64, "letters beyond ASCII"),
        ("sha256=" + "٣" * 64, "digits of another script"),
        ("sha256=" + "\ud800" * 64, "lone surrogates"),
        (b"sha256=00", "bytes instead of a text"),
        (7, "a number"),
    ],
)
def test_a_malformed_header_is_refused_and_never_raises(header: Any, sentence: str) -> None:
    assert verify(BODY, header, [SECRET]) is False, sentence


def test_an_empty_body_can_be_signed() -> None:
    assert verify(b"", sign(b"", SECRET), [SECRET])
