"""What WhatsApp tells about our account, number and templates, in whatever form it comes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.whatsapp.deliveries import a_body, a_change, items_of
from webapp.whatsapp.webhook.items import (
    AccountReinstated,
    AccountRestricted,
    CategoryAnnounced,
    Item,
    MarketingEndpointOpened,
    TemplateQualityChanged,
    ThroughputRaised,
    Unread,
)

TEMPLATE = {"message_template_id": 610000000000001, "message_template_name": "order_news",
            "message_template_language": "en-US"}  # fmt: skip
STATUS, QUALITY = "message_template_status_update", "message_template_quality_update"
CATEGORY = "template_category_update"
END = datetime.fromtimestamp(1795770000, UTC)
BANNED = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "22 Nov"}}
UNBANNED = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": ["REINSTATE"]}}


def restricted(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"event": "ACCOUNT_RESTRICTION", "restriction_info": list(pieces)}


def piece(kind: str, until: int | None = 1795770000) -> dict[str, Any]:
    return {"restriction_type": kind} | ({"expiration": until} if until else {})


START, ADD = "RESTRICTED_BIZ_INITIATED_MESSAGING", "RESTRICTED_ADD_PHONE_NUMBER_ACTION"
QUALITY_VALUE = {**TEMPLATE, "previous_quality_score": "GREEN", "new_quality_score": "YELLOW"}
TABLE: list[tuple[str, dict[str, Any], type[Item], dict[str, Any], str]] = [
    (QUALITY, QUALITY_VALUE, TemplateQualityChanged, {"quality": "YELLOW"}, "a quality"),
    (STATUS, QUALITY_VALUE, TemplateQualityChanged, {"quality": "YELLOW"}, "the same in Meta's own sample"),
    (CATEGORY, {**TEMPLATE, "new_category": "UTILITY", "correct_category": "MARKETING"}, CategoryAnnounced,
     {"coming": "MARKETING", "effective_at": None}, "a category to come, nobody says when"),
    (CATEGORY, {**TEMPLATE, "correct_category": "MARKETING", "category_update_timestamp": "1795770000"},
     CategoryAnnounced, {"effective_at": END}, "its time as a text"),
    (CATEGORY, {**TEMPLATE, "correct_category": "MARKETING", "category_update_timestamp": 9e99},
     CategoryAnnounced, {"effective_at": None}, "a time that is none"),
    ("account_update", restricted(piece(START), piece(START, 1795169999)), AccountRestricted, {"until": END},
     "the last of several restrictions counts"),
    ("account_update", restricted(piece(START), piece(START, None)), AccountRestricted, {"until": None},
     "one without an end has none"),
    ("account_update", {"event": "ACCOUNT_RESTRICTION"}, AccountRestricted, {"until": None},
     "also one that says nothing more"),
    ("account_update", restricted(piece(ADD)), Unread, {"malformed": False},
     "whoever may not add a number may send"),
    ("account_update", restricted(piece(ADD), piece(START)), AccountRestricted, {"until": END},
     "but both"),
    ("account_update", BANNED, AccountRestricted, {"until": None}, "a ban lasts until it is lifted"),
    ("account_update", UNBANNED, AccountReinstated, {}, "which comes in the same form"),
    ("account_update", {"event": "MM_LITE_TERMS_SIGNED"}, MarketingEndpointOpened, {}, "the marketing terms"),
    ("account_update", {"event": "PARTNER_ADDED"}, Unread, {"malformed": False}, "what concerns others"),
    ("phone_number_quality_update", {"event": "THROUGHPUT_UPGRADE"}, ThroughputRaised, {}, "more throughput"),
    ("phone_number_quality_update", {"event": "ONBOARDING"}, Unread, {"malformed": False}, "nothing for us"),
    ("some_future_field", QUALITY_VALUE, Unread, {"malformed": False}, "only in its fields do keys decide"),
    (STATUS, {"event": ["APPROVED"]}, Unread, {"malformed": False}, "a word of another type is none"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "kind", "fields", "sentence"), TABLE, ids=[r[4] for r in TABLE])
def test_the_notice(field, value, kind, fields, sentence):
    [item] = items_of(a_body(a_change(field, **value)))
    assert type(item) is kind, sentence
    assert {name: getattr(item, name) for name in fields} == fields, sentence


def test_keys_beside_the_value_count_too():
    change = {
        "field": "account_update",
        "value": {"event": "DISABLED_UPDATE"},
        "ban_info": UNBANNED["ban_info"],
    }
    [item] = items_of(a_body(change))
    assert isinstance(item, AccountReinstated)


@pytest.mark.parametrize("value", [None, [], "PAUSED", 7, {}])
def test_a_notice_without_a_value_is_kept_and_harms_nobody(value):
    [item] = items_of(a_body({"field": STATUS, "value": value}))
    assert isinstance(item, Unread)


def test_the_same_notice_at_another_time_is_another_one():
    """A template is paused twice; its second notice differs by the time of the entry only."""

    def key(time: int) -> str:
        body = a_body(a_change(STATUS, event="PAUSED", **TEMPLATE))
        body["entry"][0]["time"] = time
        return items_of(body)[0].key

    assert key(1795165200) == key(1795165200) != key(1795165201)
