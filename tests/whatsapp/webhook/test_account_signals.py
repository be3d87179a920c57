"""What WhatsApp says about our account and number: the latest word on each subject counts."""

from datetime import timedelta

import pytest

from tests.campaigns.factories import a_running_campaign, a_template
from tests.factories import NOON, a_customer
from tests.whatsapp.deliveries import a_body, a_change, items_of
from tests.whatsapp.posting import deliver
from webapp.consent.rules import Status
from webapp.extensions import db
from webapp.whatsapp.inbound import signals
from webapp.whatsapp.webhook.items import AccountSignal

QUALITY, CAPABILITY, ALERTS = "phone_number_quality_update", "business_capability_update", "account_alerts"
PAYMENT = "payment_configuration_update"
ALERT = {"entity_type": "WABA", "entity_id": 1, "alert_severity": "CRITICAL", "alert_status": "ACTIVE"}
TABLE = [
    (QUALITY, {"event": "FLAGGED"}, "quality", "bad", False, "low quality"),
    (QUALITY, {"event": "UNFLAGGED"}, "quality", "good", False, "and its end"),
    (QUALITY, {"event": "DOWNGRADE", "current_limit": "TIER_2K"}, "limit", "warning", False, "a lower limit"),
    (QUALITY, {"event": "UPGRADE"}, "limit", "good", False, "a higher limit, which one it does not say"),
    (CAPABILITY, {"max_daily_conversation_per_phone": 2000}, "limit", "good", False, "a limit as a number"),
    (CAPABILITY, {"max_daily_conversations_per_business": "TIER_UNLIMITED"}, "limit", "good", False,
     "as a word"),
    (CAPABILITY, {"max_phone_numbers_per_business": 2}, "unknown:", "warning", False, "no limit in it"),
    (CAPABILITY, {"max_daily_conversation_per_phone": True}, "unknown:", "warning", False, "a wrong type"),
    ("account_update", {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ADULT"}},
     "violation", "bad", False, "a violation"),
    ("account_update", {"event": "ACCOUNT_DELETED"}, "account", "bad", True, "the account is gone"),
    ("account_update", {"event": "A_NEW_WORD"}, "unknown:", "warning", False, "a word that is new"),
    (ALERTS, {**ALERT, "alert_type": "PAYMENT_METHOD_FAILED"}, "alert:", "bad", True, "payment failed"),
    (ALERTS, {**ALERT, "alert_type": "PAYMENT_METHOD_FAILED", "alert_status": "RESOLVED"}, "alert:", "good",
     False, "and was put right"),
    (ALERTS, {"alert_info": {**ALERT, "alert_type": "OBA_REJECTED"}}, "alert:", "bad", False,
     "one level lower"),
    (ALERTS, {**ALERT, "alert_type": "OBA_APPROVED", "alert_severity": "INFORMATIONAL"}, "alert:", "good",
     False, "good news"),
    (ALERTS, {"alert_severity": "CRITICAL"}, "unknown:", "warning", False, "an alert without its word"),
    (PAYMENT, {"status": "Disabled"}, "payment", "bad", True, "a payment that broke"),
    (PAYMENT, {"status": "Active"}, "payment", "good", False, "one that works"),
    (PAYMENT, {"status": "Inactive"}, "payment", "bad", True, "inactive is not active"),
    (PAYMENT, {"configuration_name": "x"}, "unknown:", "warning", False, "one that says nothing"),
    ("account_review_update", {"decision": "REJECTED"}, "review", "bad", False, "a review that failed"),
    ("phone_number_name_update", {"decision": "APPROVED"}, "name", "good", False, "a name"),
    ("security", {"event": "PIN_CHANGED"}, "security", "warning", False, "somebody changed the PIN"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "subject", "tone", "pauses", "sentence"), TABLE, ids=[row[-1] for row in TABLE]
)
def test_the_signal(field, value, subject, tone, pauses, sentence):
    [item] = items_of(a_body({"field": field, "value": value}))
    assert isinstance(item, AccountSignal), sentence
    assert item.subject.startswith(subject), sentence
    assert (item.tone, item.pauses) == (tone, pauses), sentence
    assert ("does not know yet" in item.sentence) == (subject == "unknown:"), sentence


@pytest.fixture
def in_context(app):
    with app.app_context():
        yield


def a_signal(seconds: float, tone: str = "bad", pauses: bool = False) -> AccountSignal:
    return AccountSignal(
        key=f"s{seconds}", kind="notice", field=QUALITY, account_id="1", phone_number_id=None, raw={},
        occurred_at=NOON + timedelta(seconds=seconds), subject="quality", tone=tone, sentence=f"{seconds}",
        advice="", pauses=pauses,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "expected"), [((1, 2), "2"), ((2, 1), "2"), ((1, 1), "1"), ((3, 1, 2), "3")]
)
def test_the_latest_word_on_a_subject_counts(in_context, order, expected):
    for seconds in order:
        signals.note(a_signal(seconds), NOON)
    [row] = signals.latest()
    assert row.sentence == expected


def test_a_payment_problem_pauses_what_is_running_and_says_why(app, in_context):
    campaign = a_running_campaign(a_template(), a_customer(status=Status.OPTED_IN))
    deliver(app, a_change(PAYMENT, status="Disabled"))
    db.session.refresh(campaign)
    assert (campaign.status, campaign.pause_code) == ("paused", "account")
    assert "payment" in campaign.pause_reason


def test_an_older_problem_pauses_nothing(in_context):
    campaign = a_running_campaign(a_template(), a_customer(status=Status.OPTED_IN))
    signals.note(a_signal(5, "good"), NOON)
    signals.note(a_signal(1, pauses=True), NOON)
    db.session.refresh(campaign)
    assert campaign.status == "running"
