"""What was kept raw is read again as it was read when it came."""

import pytest

from tests.rows import every
from tests.whatsapp.deliveries import PAYLOADS, RECEIVED, a_message, item_of, payload
from webapp.consent.keywords import Decision, KeywordSet, Reading
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
        assert (again.field, again.phone_number_id) == (item.field, item.phone_number_id)
        assert stored.text_of(again) == stored.text_of(item)
        assert stored.reading(again, WORDS) == stored.reading(item, WORDS)


def test_the_key_under_which_it_came_stays_whatever_key_it_would_get_today():
    message = as_kept(item_of(a_message()))
    message.key = "message:as it was"
    assert stored.spoken(message).key == "message:as it was"


def test_a_message_whose_text_is_gone_says_nothing():
    [item] = items("text_stop")
    message = as_kept(item)
    message.raw = stored.EMPTIED
    assert stored.spoken(message) is None


@pytest.mark.parametrize("raw", [b"{", b"[]", b'{"type": 7}', b"\xff"])
def test_bytes_that_are_no_message_say_nothing(raw):
    message = InboundMessage(key="message:x", kind="text", field="messages", raw=raw, received_at=RECEIVED)
    assert stored.spoken(message) is None


def message(**parts):
    return item_of(a_message(**parts))


def tapped(**button):
    return message(type="button", text=None, button=button)


OPT_OUT, OPT_IN, REVIEW, NONE = Decision.OPT_OUT, Decision.OPT_IN, Decision.REVIEW, Decision.NONE


@every(
    ("sentence", "item", "text", "decision", "while_off"),
    [
        ("words", message(), "STOP", OPT_OUT, NONE),
        ("an opt-in", message(text={"body": "START"}), "START", OPT_IN, NONE),
        ("words of somebody else", message(context={"forwarded": True}), "STOP", NONE, NONE),
        ("words of an advertiser", message(text={"body": "START"}, referral={"source_id": "1"}), "START",
         NONE, NONE),
        ("a stop after an advertisement", message(referral={"source_id": "1"}), "STOP", OPT_OUT, NONE),
        ("a button", tapped(payload="OPT_OUT", text="No more"), "No more", OPT_OUT, OPT_OUT),
        ("a button by its label", tapped(text="Unsubscribe"), "Unsubscribe", OPT_OUT, OPT_OUT),
        ("a button without a label", tapped(payload="OPT_IN"), "OPT_IN", OPT_IN, OPT_IN),
        ("a reaction", message(type="reaction", text=None, reaction={"emoji": "🛑"}), "🛑", REVIEW, REVIEW),
        ("words in a group", message(group_id="G"), "STOP", REVIEW, NONE),
        ("a picture in a group", message(group_id="G", type="image", text=None, image={"id": "1"}), "", NONE,
         NONE),
    ],
)  # fmt: skip
def test_what_was_said_and_what_it_means(sentence, item, text, decision, while_off):
    assert stored.text_of(item) == text
    assert stored.reading(item, WORDS).decision == decision
    assert stored.reading(item, None).decision == while_off


def test_nothing_else_is_read():
    [status] = items("status_delivered")
    assert stored.reading(status, WORDS) == Reading(NONE)
    assert stored.spoken(as_kept(status)) is None
