"""Whose an item is, and what its row says."""

import json
from types import SimpleNamespace

import pytest

from tests.whatsapp.deliveries import ACCOUNT, NUMBER, RECEIVED, a_message, item_of
from webapp.consent.keywords import RULE_VERSION, KeywordSet
from webapp.whatsapp.inbound.effects import Outcome
from webapp.whatsapp.inbound.keeping import NOT_OURS, Business, columns, made_of
from webapp.whatsapp.webhook.payloads import Item, Unread, canonical

STOP = item_of(a_message())
REACTION = item_of(a_message(type="reaction", text=None, reaction={"emoji": "🛑"}))
NOWHERE = Item(key="k", kind="unread", field="f", account_id=None, phone_number_id=None, raw={})
WORDS = KeywordSet()


@pytest.mark.parametrize(
    ("number", "account", "ours"),
    [(NUMBER, ACCOUNT, True), ("999", ACCOUNT, False), (NUMBER, "999", False), ("", "", True),
     (NUMBER, "", True), ("", ACCOUNT, True), ("999", "", False), ("", "999", False)],
)  # fmt: skip
def test_an_item_is_ours_by_number_and_account(number, account, ours):
    business = Business(number, account)
    assert business.owns(STOP) is ours
    assert business.owns(NOWHERE), "what does not say where it came from is not of another number"


def test_a_row_says_what_came_when_and_by_which_rule_it_was_read():
    row = columns(STOP, RECEIVED)
    assert json.loads(row.pop("raw")) == a_message()
    assert row == {
        "key": "message:wamid.1", "kind": "text", "field": "messages", "phone_number_id": NUMBER,
        "received_at": RECEIVED, "occurred_at": STOP.occurred_at, "rule_version": RULE_VERSION,
    }  # fmt: skip
    assert columns(STOP, RECEIVED)["raw"] == canonical(STOP.raw)


def test_what_tells_no_time_has_none():
    assert not hasattr(Unread, "occurred_at")
    assert columns(NOWHERE, RECEIVED)["occurred_at"] is None


def test_a_row_says_what_was_made_of_it():
    outcome = Outcome("opt_out", "STOP", SimpleNamespace(id=7))
    assert made_of(outcome, STOP, WORDS) == {
        "decision": "opt_out", "matched": "STOP", "customer_id": 7, "missed": None,
    }  # fmt: skip
    assert made_of(Outcome(), STOP, WORDS)["customer_id"] is None


@pytest.mark.parametrize(
    ("item", "decision", "missed"), [(STOP, "none", "off"), (STOP, NOT_OURS, None), (REACTION, "none", None)]
)
def test_words_to_us_that_came_while_the_keywords_were_off_are_marked(item, decision, missed):
    assert made_of(Outcome(decision), item, None)["missed"] == missed
