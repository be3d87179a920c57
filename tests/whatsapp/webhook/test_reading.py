"""Single values of a delivery: times, and texts that can be stored."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.whatsapp.deliveries import RECEIVED, a_message, item_of
from webapp.whatsapp.webhook.payloads import clean
from webapp.whatsapp.webhook.reading import moment

SAID_AT = datetime(2026, 11, 20, 9, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ("1795165200", "seconds as a text"),
        (1795165200, "seconds as a number"),
        (1795165200.9, "fractions are dropped"),
        ("1795165200123", "milliseconds as a text"),
        (1795165200999, "milliseconds as a number"),
    ],
)
def test_times_are_read_in_whole_seconds(sent: Any, sentence: str) -> None:
    assert item_of(a_message(timestamp=sent)).occurred_at == SAID_AT, sentence


@pytest.mark.parametrize(
    "sent",
    [
        *("", "NaN", "-1795165200", "1795165200s", "١٧٩٥١٦٥٢٠٠", "2026-11-20", "1" * 21, "0", "1796126401"),
        *(None, True, False, -1, 0, 1, 1.5, 10**30, 1201000000000, 1201000000000000, [], {}, ["1795165200"]),
    ],
)
def test_an_unusable_time_counts_as_the_time_of_receipt(sent: Any) -> None:
    message = {**a_message(), "timestamp": sent}
    assert item_of(message).occurred_at == RECEIVED


def test_the_time_of_receipt_is_whole_seconds_in_utc() -> None:
    local = RECEIVED.replace(microsecond=999_999).astimezone(datetime(2026, 1, 1).astimezone().tzinfo)
    assert moment(None, local) == RECEIVED
    assert moment(None, local).tzinfo is UTC
    assert moment(int((RECEIVED + timedelta(seconds=1)).timestamp()), local) == RECEIVED


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("a\0b", "ab"),
        ("\ud83d", "\ufffd"),
        ("a\udc00b", "a\ufffdb"),
        ("🛑 é", "🛑 é"),
        ("\n\u200f", "\n\u200f"),
    ],
)
def test_cleaned_text_can_be_stored(text: str, stored: str) -> None:
    assert clean(text) == stored
    clean(text).encode("utf-8")
