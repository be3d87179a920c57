"""The bytes of an event, to the letter: a verifier elsewhere rebuilds them."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.factories import NOON
from webapp.consent.models import ConsentEvent
from webapp.consent.rules import Kind
from webapp.consent.sealing import leaves

EVENT = (17, 4, Kind.CONSENT, "opted_out", "keyword", "customer", 9, "5e88", "1", "changed", "", None, None,
         NOON, NOON + timedelta(microseconds=7), "ab01")  # fmt: skip
BYTES = (
    b'[17,4,"consent","opted_out","keyword","customer",9,"5e88","1","changed","",null,null,'
    b'1795176000000000,1795176000000007,"ab01"]'
)


def test_every_column_of_an_event_is_sealed():
    assert sorted(leaves.COLUMNS) == sorted(column.name for column in ConsentEvent.__table__.columns)


def test_the_bytes_are_as_they_are_written_down():
    assert leaves.canonical(EVENT) == BYTES
    assert leaves.leaf(b"s" * 16, BYTES) == hashlib.sha256(b"\x00" + b"s" * 16 + BYTES).digest()


@pytest.mark.parametrize("place", range(len(EVENT)))
def test_each_value_counts(place):
    other = NOON - timedelta(days=1) if isinstance(EVENT[place], datetime) else "another"
    assert leaves.canonical([*EVENT[:place], other, *EVENT[place + 1 :]]) != BYTES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"\\', b'["\\"\\\\"]'),
        ("\b\t\n\f\r\x00\x1f\x7f", b'["\\b\\t\\n\\f\\r\\u0000\\u001f\x7f"]'),
        ("Zoë 🙂\u2028", '["Zoë 🙂\u2028"]'.encode()),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), b"[-1]"),
        (datetime(2026, 1, 1, 3, tzinfo=timezone(timedelta(hours=3))), b"[1767225600000000]"),
        (None, b"[null]"),
    ],
)
def test_hostile_values_have_one_spelling(value, expected):
    assert leaves.canonical([value]) == expected


def test_no_two_rows_share_their_bytes_by_moving_a_comma():
    assert leaves.canonical(['a","b']) != leaves.canonical(["a", "b"])
