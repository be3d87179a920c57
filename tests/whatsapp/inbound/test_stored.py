"""What was kept raw is read again as it was read when it came."""

import pytest

from tests.rows import every
from tests.whatsapp.deliveries import PAYLOADS, RECEIVED, payload
from webapp.consent.keywords import KeywordSet
from webapp.whatsapp.inbound import stored
from webapp.whatsapp.models import InboundMessage
from webapp.whatsapp.webhook.payloads import MalformedBody, canonical, parse

WORDS = KeywordSet(("STOP", "PARAR"), ("START",))


def items(name: str) -> list:
    try:
        return parse(payload(name), RECEIVED)
    except MalformedBody:
        return []


def as_kept(item) -> InboundMessage:
    return InboundMessage(
        key=item.key, kind=item.kind, field=item.field, phone_number_id=item.phone_number_id,
        raw=canonical(item.raw), received_at=RECEIVED,
    )  # fmt: skip


@every("name", sorted(file.stem for file in PAYLOADS.glob("*.json")))
def test_every_message_means_the_same_and_keeps_its_key(name):
    for item in items(name):
        again = stored.spoken(as_kept(item))
        if not isinstance(item, stored.Spoken):
            assert again is None
            continue
        assert (again.key, again.message_id, again.occurred_at) == (
            item.key, item.message_id, item.occurred_at,
        )  # fmt: skip
        assert stored.text_of(again) == stored.text_of(item)
        assert stored.reading(again, WORDS) == stored.reading(item, WORDS)


def test_a_message_whose_text_is_gone_says_nothing():
    [item] = items("text_stop")
    message = as_kept(item)
    message.raw = stored.EMPTIED
    assert stored.spoken(message) is None


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"type": 7}', b"\xff"])
def test_bytes_that_are_no_message_say_nothing(raw):
    message = InboundMessage(key="message:x", kind="text", field="messages", raw=raw, received_at=RECEIVED)
    assert stored.spoken(message) is None
